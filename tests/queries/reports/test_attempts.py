"""The furthest attempts are those of plain Python, and of the words in docs/reports.md."""

from collections.abc import Sequence
from statistics import mean, median
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import astuple

from ingest_api.projects.project import Project
from queries.reports import attempts
from queries.reports.funnel import Funnel, FunnelAsked, StepTaken, read, shape
from tests.queries.crowd import DAY, HALF_HOUR, Row
from tests.queries.reports import happened
from tests.queries.reports.happened import CROWD, NOON, PATHS, SINCE, UNTIL, did, happen

pytestmark = pytest.mark.stack

BUY = [{"event": "page_view"}, {"event": "cart"}, {"event": "buy"}]
FILTERS = st.lists(st.sampled_from(PATHS), min_size=1, max_size=2).map(lambda some: [["is", "page", some]])
STEP = st.fixed_dictionaries(
    {"event": st.sampled_from(("page_view", "page_view", "cart"))}, optional={"filters": FILTERS}
)
#: no event can be two of them
APART = st.permutations(BUY).flatmap(
    lambda some: st.tuples(
        *(st.fixed_dictionaries({"event": st.just(one["event"])}, optional={"filters": FILTERS}) for one in some)
    ).map(list)
)
WINDOWS = {"1s": 1000, "30m": HALF_HOUR, "2d": 2 * DAY}


def ask(warehouse: Client, shop: Project, /, **fields: Any) -> Funnel:
    asked, scope = happened.question(FunnelAsked, shop, **fields)
    return shape(asked, "", happened.rows_of(warehouse, attempts.build(read(asked, scope))))


def can_be(row: Row, asked: dict[str, Any], step: int) -> bool:
    wanted = asked["steps"][step]
    pages = [page for _, _, some in wanted.get("filters", []) for page in some]
    return bool(
        row["name"] == wanted["event"]
        and (not pages or row["path"] in pages)
        and row["site_id"] in {asked.get("site_id", ""), "", *(() if "site_id" in asked else ("web", "app"))}
    )


def attempt(rows: Sequence[Row], asked: dict[str, Any], start: int) -> list[Row]:
    """The events of the attempt that starts with an event; none where it is not the first step."""
    window = WINDOWS[asked["window"]]
    in_range = asked["by"] == "session" or SINCE <= rows[start]["occurred_at"] < UNTIL
    if not in_range or not can_be(rows[start], asked, 0):
        return []
    taken = [rows[start]]
    for row in rows[start + 1 :]:
        if len(taken) == len(asked["steps"]) or row["occurred_at"] - taken[0]["occurred_at"] > window:
            break
        if can_be(row, asked, len(taken)):
            taken.append(row)
        elif asked["order"] == "strict":
            break
    return taken


def furthest(rows: Sequence[Row], asked: dict[str, Any]) -> tuple[list[Row], str]:
    """The best attempt of somebody, and the value of the breakdown."""

    def place(row: Row) -> tuple[int, int, int]:
        steps = [step for step in range(len(asked["steps"])) if can_be(row, asked, step)]
        return row["occurred_at"], steps[0] if steps else -1, sum(2**step for step in steps)

    ordered = sorted(rows, key=place)
    best: list[Row] = max((attempt(ordered, asked, start) for start in range(len(ordered))), key=len, default=[])
    even = [row["country"] for row in rows if best and place(row) == place(best[0])]
    return best, min(even, default="")


def steps(asked: dict[str, Any], found: Sequence[list[Row]]) -> list[tuple[Any, ...]]:
    reached = [sum(len(one) > step for one in found) for step in range(len(asked["steps"]))]
    taken = []
    for step, wanted in enumerate(asked["steps"]):
        before = reached[max(step - 1, 0)]
        pauses = [one[step]["occurred_at"] - one[step - 1]["occurred_at"] for one in found if len(one) > step > 0]
        times = (median(pauses) / 1000, pytest.approx(mean(pauses) / 1000)) if pauses else (None, None)
        shares = [reached[step] / whole if whole else None for whole in (reached[0], before)]
        taken.append((wanted["event"], reached[step], before - reached[step], *shares, *times))
    return taken


def told(taken: Sequence[StepTaken]) -> list[tuple[Any, ...]]:
    return [astuple(step) for step in taken]


ASKED = st.fixed_dictionaries(
    {
        "steps": st.lists(STEP, min_size=2, max_size=4) | APART,
        "window": st.sampled_from(list(WINDOWS)),
        "order": st.sampled_from(("ordered", "ordered", "strict")),
        "by": st.sampled_from(("person", "visitor", "session")),
        "bots": st.sampled_from(("exclude", "include", "only")),
    },
    optional={"site_id": st.just("web")},
)


@settings(max_examples=30, deadline=None)
@given(CROWD, ASKED, st.data())
def test_the_funnel_is_that_of_plain_python(
    warehouse: Client, facts: list[Row], asked: dict[str, Any], data: st.DataObject
) -> None:
    of = happened.project()
    events = happened.arrive(warehouse, of, facts, data)
    best = [furthest(rows, asked) for rows in happened.of_everybody(events, asked["by"], asked["bots"])]
    found = [(taken, value) for taken, value in best if taken]
    answer = ask(warehouse, of, **asked, breakdown="country")
    assert told(answer.steps) == steps(asked, [taken for taken, _ in found])
    values = {value: steps(asked, [taken for taken, its in found if its == value]) for _, value in found}
    assert {part.value: told(part.steps) for part in answer.breakdown} == values
    assert [part.value for part in answer.breakdown] == sorted(values, key=lambda value: (-values[value][0][1], value))
    assert ask(warehouse, of, **asked) == Funnel("", asked["by"], answer.steps, [])


@settings(max_examples=20, deadline=None)
@given(CROWD, st.data())
def test_where_no_event_can_be_two_steps_it_is_the_engines_own_funnel(
    warehouse: Client, facts: list[Row], data: st.DataObject
) -> None:
    shop = happened.project()
    happened.arrive(warehouse, shop, facts, data)
    levels = warehouse.query(
        "SELECT windowFunnel(1800000)(toUInt64(toUnixTimestamp64Milli(occurred_at)), "
        "name = 'page_view' AND occurred_at >= fromUnixTimestamp64Milli({since:Int64}) "
        "AND occurred_at < fromUnixTimestamp64Milli({until:Int64}), name = 'cart', name = 'buy') AS level "
        "FROM events FINAL WHERE project = {project:String} AND bot = '' AND visitor != '' GROUP BY visitor",
        parameters={"project": shop.id, "since": SINCE, "until": UNTIL},
    ).result_rows
    expected = [sum(level >= step for (level,) in levels) for step in (1, 2, 3)]
    assert reached(warehouse, shop, "page_view", "cart", "buy", window="30m", by="visitor") == expected


def test_the_engines_own_funnel_takes_one_event_for_two_steps(warehouse: Client) -> None:
    shop = happen(warehouse, did("page_view", 0))
    step = "name = 'page_view'"
    (own,) = warehouse.query(
        f"SELECT windowFunnel(1000)(toUInt64(toUnixTimestamp64Milli(occurred_at)), {step}, {step}) FROM events "
        "WHERE project = {project:String}",
        parameters={"project": shop.id},
    ).result_rows
    assert (own, reached(warehouse, shop, "page_view", "page_view")) == ((2,), [1, 0])


def reached(warehouse: Client, shop: Project, /, *names: str, **fields: Any) -> list[int]:
    """How many took each of these steps."""
    told = ask(warehouse, shop, steps=[{"event": name} for name in names], **fields)
    return [step.count for step in told.steps]


def test_what_happened_in_the_same_millisecond_is_in_the_order_of_the_steps(warehouse: Client) -> None:
    shop = happen(warehouse, *(did(name, 0) for name in ("buy", "other", "cart", "page_view")))
    assert reached(warehouse, shop, "page_view", "cart", "buy") == [1, 1, 1]
    assert reached(warehouse, shop, "page_view", "cart", "buy", order="strict") == [1, 1, 1]
    assert reached(warehouse, shop, "buy", "page_view", "cart") == [1, 1, 1]


def test_an_event_is_one_step_of_an_attempt_and_not_two(warehouse: Client) -> None:
    once, twice = happen(warehouse, did("page_view", 0)), happen(warehouse, did("page_view", 0), did("page_view", 0))
    assert reached(warehouse, once, "page_view", "page_view") == [1, 0]
    assert reached(warehouse, twice, "page_view", "page_view") == [1, 1]


def test_strict_wants_nothing_in_between_and_starts_again_behind_it(warehouse: Client) -> None:
    shop = happen(warehouse, did("page_view", 0), did("other", 1), did("cart", 2))
    assert reached(warehouse, shop, "page_view", "cart", order="strict") == [1, 0]
    assert reached(warehouse, shop, "page_view", "cart") == [1, 1]
    again = happen(warehouse, did("page_view", 0), did("page_view", 1), did("cart", 2))
    assert reached(warehouse, again, "page_view", "cart", order="strict") == [1, 1]


@pytest.mark.parametrize("order", ["ordered", "strict"])
def test_the_window_holds_its_last_moment_and_none_after(warehouse: Client, order: str) -> None:
    shop = happen(warehouse, did("page_view", 0), did("cart", 10))
    assert reached(warehouse, shop, "page_view", "cart", window="10m", order=order) == [1, 1]
    assert reached(warehouse, shop, "page_view", "cart", window="599s", order=order) == [1, 0]


def test_an_attempt_starts_within_the_range_and_may_go_on_behind_it(warehouse: Client) -> None:
    minutes = (UNTIL - NOON) / 60_000
    late = happen(warehouse, did("page_view", minutes - 1), did("cart", minutes + 1))
    assert reached(warehouse, late, "page_view", "cart") == [1, 1]
    early = happen(warehouse, did("page_view", -1), did("cart", 1))
    assert reached(warehouse, early, "page_view", "cart") == [0, 0]
    behind = happen(warehouse, did("page_view", minutes), did("cart", minutes + 1))
    assert reached(warehouse, behind, "page_view", "cart") == [0, 0]


def test_of_equal_attempts_the_earliest_counts_with_its_times_and_its_value(warehouse: Client) -> None:
    shop = happen(
        warehouse, did("page_view", 0, country="TR"), did("page_view", 5, country="DE"), did("cart", 6), did("buy", 20)
    )
    steps = [{"event": "page_view"}, {"event": "cart"}, {"event": "buy"}]
    told = ask(warehouse, shop, steps=steps, breakdown="country")
    assert [(part.value, part.steps[1].median_seconds) for part in told.breakdown] == [("TR", 360)]
    further = ask(warehouse, shop, steps=steps, breakdown="country", window="16m")
    assert [(part.value, part.steps[1].median_seconds) for part in further.breakdown] == [("DE", 60)]


def test_a_funnel_may_have_twenty_steps(warehouse: Client) -> None:
    shop = happen(warehouse, *(did(f"step {number}", number) for number in range(19)))
    assert reached(warehouse, shop, *(f"step {number}" for number in range(20))) == [1] * 19 + [0]


def test_of_a_breakdown_the_values_of_most_people_are_told(warehouse: Client) -> None:
    shop = happen(
        warehouse,
        *(did("page_view", 0, client_id=f"c{number}", country="DE" if number % 3 else "TR") for number in range(6)),
        did("page_view", 0, client_id="c6", country="FR"),
    )
    told = ask(warehouse, shop, steps=[{"event": "page_view"}, {"event": "buy"}], breakdown="country", limit=2)
    assert [(part.value, part.steps[0].count) for part in told.breakdown] == [("DE", 4), ("TR", 2)]
    assert told.steps[0].count == 7
