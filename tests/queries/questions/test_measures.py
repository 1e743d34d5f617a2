"""Every measure is one that the engine can work out, and stands in the documents."""

from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from queries.errors import Refused
from queries.questions import measures
from queries.questions.binder import Binder
from queries.questions.measures import MEASURES
from tests.queries import asked
from tests.queries.stored import event, store

#: without any event, and with one page view of one person
COUNTS = ("event_count", "page_views", "visitors", "unique_users", "new_users", "sessions")
FIGURES: dict[str, tuple[int | None, int]] = dict.fromkeys(COUNTS, (0, 1))
FIGURES |= {"events_per_session": (None, 1), "bounce_rate": (None, 1), "session_duration": (None, 0), "sum": (0, 2)}
FIGURES |= dict.fromkeys(("avg", "min", "max", "p50", "p95", "p99"), (None, 2))


@pytest.mark.stack
@pytest.mark.parametrize("approximate", [False, True])
@pytest.mark.parametrize("metric", MEASURES)
def test_a_measure_says_nothing_without_events_and_something_with_them(
    metric: str, approximate: bool, warehouse: Client
) -> None:
    project = f"measured-{metric}-{approximate}"
    name = f"{metric}(properties.n)" if MEASURES[metric].of_property else metric
    question = asked.question(project, name, approximate=approximate)
    before = asked.rows(warehouse, question)
    store(warehouse, event(project, name="page_view", client_id="c1", properties='{"n": 2}'))
    after = asked.rows(warehouse, question)
    assert (before[0][0], after[0][0]) == FIGURES[metric]


@pytest.mark.stack
def test_an_estimate_is_near_what_is_exact(warehouse: Client) -> None:
    project = "measured-near"
    rows = [event(project, client_id=f"c{number}", properties=f'{{"n": {number}}}') for number in range(2000)]
    store(warehouse, *rows)
    for metric in ("visitors", "unique_users", "new_users", "p50(properties.n)", "p99(properties.n)"):
        exact, near = (
            asked.rows(warehouse, asked.question(project, metric, approximate=wanted))[0][0] for wanted in (False, True)
        )
        assert near == pytest.approx(exact, rel=0.05), metric


def test_a_metric_of_a_property_is_written_in_two_ways() -> None:
    found = measures.find("p95(properties.cart.size)", "metric")
    assert (found.name, found.of and found.of.path) == ("p95(properties.cart.size)", "cart.size")
    assert measures.find("p95", "metric", "cart.size") == found
    assert measures.find("p95", "metric", "properties.cart.size") == found
    binder = Binder()
    assert "{p0:Identifier}" in found.value(binder, "", approximate=False)
    assert binder.parameters == {"p0": "properties.cart.size"}


@pytest.mark.parametrize(
    ("name", "of"),
    [
        *(("revenue", ""), ("", ""), ("p95", ""), ("p95()", ""), ("p95(price)", ""), ("p95(country)", "")),
        *(("visitors(properties.x)", ""), ("visitors", "x"), ("p90(properties.x)", ""), ("p95(properties.a'b)", "")),
        *(("p95", "a'b"), ("p95(properties.x)", "y"), ("p95(properties.x) ", ""), ("p95(properties.x", "")),
    ],
)
def test_another_metric_is_refused_by_its_place(name: str, of: str) -> None:
    with pytest.raises(Refused, match=r"^metrics\[1\]: ") as refused:
        measures.find(name, "metrics[1]", of)
    assert refused.value.message.isprintable()


def test_every_measure_stands_in_the_documents_with_its_meaning() -> None:
    written = (Path(__file__).parents[3] / "docs" / "stats.md").read_text()
    assert [name for name, one in MEASURES.items() if f"| `{name}` | {one.meaning} |" not in written] == []
