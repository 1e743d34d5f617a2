"""Sessions with what was rolled up equal those of the events alone, whatever happened to the stretches in between."""

import itertools
import uuid
from collections.abc import Iterable
from typing import Any, cast

import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest_api.stream import Redis
from queries.questions.binder import Binder
from queries.questions.bots import Bots
from queries.questions.rolled_sessions import sessions
from tests.examples import examples
from tests.queries.lived import lived, pasts
from tests.queries.stored import event, store
from tests.workers.rolling import at_work
from workers.rollups import stretch
from workers.rollups.stretches import Stretching

pytestmark = pytest.mark.stack

MINUTE, HOUR = 60_000, 3_600_000
#: where a stretch begins
START = 1_767_225_600_000
FAR = (
    -3_000_000_000,
    stretch.FIRST * 1000 - 20 * MINUTE,
    stretch.FIRST * 1000 + 5 * MINUTE,
    4_291_747_200_000 - MINUTE,
)
_projects = itertools.count()
_run = uuid.uuid4().hex[:8]

MOMENTS = st.one_of(
    st.builds(
        lambda hour, minute, jitter: START + hour * HOUR + minute * MINUTE + jitter,
        st.integers(0, 80), st.sampled_from((0, 1, 29, 31, 59)), st.sampled_from((-1, 0, 1)),
    ),
    st.sampled_from(FAR),
)  # fmt: skip
FACTS = st.fixed_dictionaries(
    {
        "event_id": st.integers(1, 2**127).map(lambda number: uuid.UUID(int=number)),
        "occurred_at": MOMENTS,
        "name": st.sampled_from(("page_view", "buy", "identify")),
        "client_id": st.sampled_from(("", "c1", "c2")),
        "session_id": st.sampled_from(("", "", "", "one", "two")),
        "user_id": st.sampled_from(("", "", "u1")),
        "site_id": st.sampled_from(("", "web", "app")),
        "url": st.sampled_from(("", "https://shop.example/")),
        "path": st.sampled_from(("", "/a", "/b")),
        "country": st.sampled_from(("TR", "DE")),
        "bot": st.sampled_from(("", "", "", "Googlebot")),
    }
)
SPANS = (
    (START, START + 72 * HOUR),
    (START + 7 * MINUTE, START + 31 * HOUR + 1),
    (START - 5 * HOUR, START + HOUR),
    (-4_000_000_000, 10_413_705_599_999),
    (START + HOUR, START + HOUR),
)


def project() -> str:
    return f"stayed-{_run}-{next(_projects)}"


def roll(clickhouse_url: str, redis_url: str) -> int:
    """Build every stretch that is due. Returns how many were closed."""

    async def run(client: Any, redis: Redis) -> int:
        return await Stretching(client, redis, grace=0, settle=0).run(60)

    return at_work(clickhouse_url, redis_url, run)


def asked(warehouse: Client, name: str, span: tuple[int, int], bots: Bots = "exclude", *, raw: bool = False) -> Any:
    """Every session with all that is known of it."""
    binder = Binder({"project": name, "since": span[0]}, zone="UTC", doers=str)
    text = sessions(*span, bots, binder)
    if raw:
        text = f"sessions(project = {{project:String}}, since = {span[0]}, until = {span[1]}, bots = '{bots}')"
    columns = stretch.COLUMNS.replace("names, site_ids", "arraySort(names), arraySort(site_ids)")
    found = warehouse.query(f"SELECT {columns} FROM {text} AS visits ORDER BY session, started_at", binder.parameters)
    return found.result_rows


def rolled_rows(warehouse: Client, name: str) -> int:
    return int(cast("int", warehouse.command(f"SELECT count() FROM rolled_sessions WHERE project = '{name}'")))


@given(past=pasts(FACTS, 25))
@settings(max_examples=examples(4), deadline=None)
def test_sessions_equal_those_of_the_events_alone(
    past: list[Any], warehouse: Client, clickhouse_url: str, redis_url: str
) -> None:
    name = project()
    for _ in lived([*past, "roll"], name, warehouse, lambda: roll(clickhouse_url, redis_url)):
        for span, bots in (*((span, "exclude") for span in SPANS), (SPANS[0], "include")):
            found = asked(warehouse, name, span, cast("Bots", bots))
            assert found == asked(warehouse, name, span, cast("Bots", bots), raw=True), (span, bots)


def week(name: str) -> Iterable[dict[str, Any]]:
    """A session of ten minutes in every stretch of three days."""
    for place in range(12):
        for minute in (0, 5, 10):
            at = START + place * stretch.SECONDS * 1000 + minute * MINUTE
            yield event(name, occurred_at=at, client_id="c1", name="page_view", url="https://shop.example/", path="/a")


def altered(warehouse: Client, clickhouse_url: str, redis_url: str) -> str:
    """A project with such a week, rolled up; what was rolled up tells of 100 events in each session."""
    name = project()
    store(warehouse, *week(name))
    roll(clickhouse_url, redis_url)
    change = f"UPDATE events = 100 WHERE project = '{name}'"
    warehouse.command(f"ALTER TABLE rolled_sessions {change}", settings={"mutations_sync": 1})
    return name


def test_closed_stretches_are_read_from_what_was_rolled_up(
    warehouse: Client, clickhouse_url: str, redis_url: str
) -> None:
    name = altered(warehouse, clickhouse_url, redis_url)
    assert rolled_rows(warehouse, name) == 12
    assert [row[4] for row in asked(warehouse, name, SPANS[0])] == [100] * 12
    assert [row[4] for row in asked(warehouse, name, SPANS[0], "include")] == [3] * 12, (
        "with crawlers nothing is rolled up"
    )


def test_a_late_event_opens_the_stretches_within_a_day_of_it_and_no_other(
    warehouse: Client, clickhouse_url: str, redis_url: str
) -> None:
    name = altered(warehouse, clickhouse_url, redis_url)
    late = event(name, occurred_at=START + 6 * stretch.SECONDS * 1000 + 20 * MINUTE, client_id="c1", name="buy")
    store(warehouse, late)
    events = [row[4] for row in asked(warehouse, name, SPANS[0])]
    assert events == [100, 100, 3, 3, 3, 3, 4, 3, 3, 3, 3, 100]
    assert roll(clickhouse_url, redis_url) == 9
    assert [row[4] for row in asked(warehouse, name, SPANS[0])] == [100, 100, 3, 3, 3, 3, 4, 3, 3, 3, 3, 100]
