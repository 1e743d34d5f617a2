"""Instructions are read from what perf or callgrind says."""

import pytest

from tests.bench import instructions

_CALLGRIND = "==7905== \n==7905== Events    : Ir\n==7905== Collected : 2438081477\n==7905== \n"


@pytest.mark.parametrize(
    ("report", "count"),
    [
        (_CALLGRIND, 2_438_081_477),
        ("1753842,,instructions:u,1201842,100.00,,", 1_753_842),
        ("<not supported>,,instructions:u,0,100.00,,", 0),
        ("", 0),
    ],
    ids=["callgrind", "perf", "perf without a counter", "nothing"],
)
def test_the_count_is_found(report: str, count: int) -> None:
    assert instructions.told(report) == count


@pytest.mark.parametrize("name", instructions.HOT)
def test_what_is_counted_runs(name: str) -> None:
    assert instructions.HOT[name]()()
