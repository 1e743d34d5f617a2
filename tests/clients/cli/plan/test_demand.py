"""A demand as it is given, and in seconds and bytes."""

import pytest

from clients.cli.errors import WrongUsage
from clients.cli.plan.demand import Asked, Machine


def test_spans_become_seconds_and_sizes_become_bytes() -> None:
    demand = Asked(events_per_second=5, outage="2h", retention="7d", window="10m", keep="0", keyed=25, memory=2).demand
    assert (demand.outage, demand.retention, demand.window, demand.keep) == (7200, 604_800, 600, 0)
    assert demand.keyed == 0.25
    assert demand.machine == Machine(16, 2_000_000_000, 4_000_000_000_000)


@pytest.mark.parametrize("option", ["outage", "retention", "window", "keep"])
def test_a_span_that_cannot_be_read_is_refused_by_its_name(option: str) -> None:
    asked = Asked(events_per_second=1, **{option: "soon"})  # type: ignore[arg-type]  # all of these are texts
    with pytest.raises(WrongUsage, match=f"--{option} 'soon'"):
        _ = asked.demand
