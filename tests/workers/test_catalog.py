"""The catalog: equal to what a person would count, whenever and however often it is counted."""

import datetime as dt
import random
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, cast

import msgspec
import orjson
import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient

from ingest_api.progress import read_progress
from ingest_api.stream import Install, Redis
from tests.workers.entries import event
from tests.workers.history import History
from workers import catalog, sink
from workers.catalog import CURSOR, Page, count_page, next_page
from workers.errors import NotNow
from workers.seen import MOST_NAMES, MOST_PROPERTIES
from workers.settings import Settings

DAY = 86_400_000
#: noon of a day
NOON = 1_795_003_200_000 // DAY * DAY + DAY // 2
TABLES = ("catalog_events", "catalog_properties")

#: project, name, Unix ms of arrival, properties
Row = tuple[str, str, int, dict[str, Any]]


@pytest.fixture
async def tables(warehouse: AsyncClient) -> AsyncClient:
    """Empty ones."""
    for table in TABLES:
        await warehouse.command(f"TRUNCATE TABLE {table}")
    return warehouse


class Ended(Exception):
    """The process is no more."""


class Ending:
    """A client of a worker that is killed behind so many inserts."""

    def __init__(self, client: AsyncClient, inserts: int) -> None:
        self.query = client.query
        self._client, self._left = client, inserts

    async def insert(self, *row: Any, **more: Any) -> None:
        """Or the end."""
        if not self._left:
            raise Ended
        self._left -= 1
        await self._client.insert(*row, **more)


async def store(tables: AsyncClient, rows: Iterable[Row]) -> None:
    """Events as the workers store them."""
    found = [
        (uuid.uuid4(), project, name, ms, ms, orjson.dumps(properties).decode(), ms, index)
        for index, (project, name, ms, properties) in enumerate(rows)
    ]
    names = ("event_id", "project", "name", "occurred_at", "received_at", "properties", "_stream_ms", "_index")
    await tables.insert("events", found, column_names=names, settings=sink._SETTINGS)


async def read(tables: AsyncClient) -> list[list[tuple[Any, ...]]]:
    """Both tables, but for `upto_ms`."""
    asked = [f"SELECT * EXCEPT upto_ms FROM {table} FINAL ORDER BY ALL" for table in TABLES]
    return [[tuple(row) for row in (await tables.query(one)).result_rows] for one in asked]


def kind(value: Any) -> str:
    """The type as people call it."""
    if isinstance(value, bool):
        return "boolean"
    return {int: "integer", float: "number", str: "string", list: "array"}[type(value)]


def paths(properties: dict[str, Any], before: str = "") -> dict[str, str]:
    """Path -> type. What is null or an empty object leaves no trace in ClickHouse."""
    found: dict[str, str] = {}
    for name, value in properties.items():
        if isinstance(value, dict):
            found |= paths(value, f"{before}{name}.")
        elif value is not None:
            found[before + name] = kind(value)
    return found


def by_hand(rows: Iterable[Row]) -> list[list[tuple[Any, ...]]]:
    """What the tables should hold."""
    seen: dict[tuple[str, ...], dict[dt.date, list[int]]] = defaultdict(lambda: defaultdict(list))
    for project, name, ms, properties in rows:
        day = dt.datetime.fromtimestamp(ms / 1000, dt.UTC).date()
        for key in [(project, name), *((project, name, *pair) for pair in paths(properties).items())]:
            seen[key][day].append(ms)
    found = [
        (*key, day, len(times), min(map(min, days.values())), max(times))
        for key, days in seen.items()
        for day, times in days.items()
    ]
    return [sorted(one for one in found if len(one) == 6), sorted(one for one in found if len(one) == 8)]


def some_events(count: int, start: int, span: int, seed: int = 1) -> list[Row]:
    """Of two projects, of a few names, with values of all types."""
    chance = random.Random(seed)
    values: Sequence[Any] = (1, -2, 2.5, "x", "2024-01-01", True, None, [], [1, "a"], [{"b": 1}], {}, {"in": 1})
    values = (*values, {"in": {"deep": "x"}}, {"in": [1]})
    rows = []
    for _ in range(count):
        properties = {name: chance.choice(values) for name in chance.sample("abcdefg", chance.randrange(5))}
        place = (chance.choice(("shop", "blog")), chance.choice(("signup", "Product Viewed", "käufe")))
        rows.append((*place, start + chance.randrange(span), properties))
    return rows


@pytest.mark.stack
@pytest.mark.parametrize("page", [DAY, 7_000_003])
async def test_it_is_what_a_person_would_count_whatever_the_pages(tables: AsyncClient, page: int) -> None:
    rows = some_events(600, NOON, 2 * DAY)
    await store(tables, rows)
    first = NOON
    while first < NOON + 2 * DAY:
        until = min(first + page, (first // DAY + 1) * DAY)
        await count_page(tables, Page(first, until))
        first = until
    assert await read(tables) == by_hand(rows)


@pytest.mark.stack
async def test_a_page_that_is_counted_again_changes_nothing(tables: AsyncClient) -> None:
    rows = some_events(300, NOON, 4000)
    await store(tables, rows)
    for first in range(NOON, NOON + 4000, 1000):
        await count_page(tables, Page(first, first + 1000))
        await count_page(tables, Page(first, first + 1000))
    assert await read(tables) == by_hand(rows)


@pytest.mark.stack
@pytest.mark.parametrize("inserts", [0, 1])
async def test_a_run_that_was_ended_between_its_inserts_is_taken_up(tables: AsyncClient, inserts: int) -> None:
    rows = [one for one in some_events(300, NOON, 4000) if one[0] == "shop"]
    await store(tables, rows)
    for first in range(NOON, NOON + 4000, 1000):
        page = Page(first, first + 1000)
        with pytest.raises(Ended):
            await count_page(cast("AsyncClient", Ending(tables, inserts)), page)
        await count_page(tables, page)
    assert await read(tables) == by_hand(rows)


@pytest.mark.stack
async def test_the_first_time_outlives_the_days_before(tables: AsyncClient) -> None:
    rows: list[Row] = [("shop", "signup", NOON + day * DAY, {"plan": "pro"}) for day in range(3)]
    await store(tables, rows)
    for one in rows:
        await count_page(tables, Page(one[2], one[2] + 1))
        await tables.command("OPTIMIZE TABLE catalog_events FINAL")
        await tables.command(f"DELETE FROM catalog_events WHERE last_ms < {one[2]}")
    (found,) = (await read(tables))[0]
    assert found[3:] == (1, NOON, NOON + 2 * DAY)


@pytest.mark.stack
async def test_names_that_are_made_up_without_end_are_counted_without_their_names(tables: AsyncClient) -> None:
    many, most = MOST_PROPERTIES, MOST_NAMES
    await store(tables, [("shop", "known", NOON, {"plan": 1})])
    await count_page(tables, Page(NOON, NOON + 1))
    made_up = [("shop", "known", NOON + 1, {f"k{n:05}": n for n in range(many + 100)})]
    made_up += [("shop", "known", NOON + 1, {"plan": 1, "p" * 600: 1, "(more)": 1, "": 1})]
    await store(tables, made_up + [("shop", f"n{number:05}", NOON + 1, {"a": 1}) for number in range(most + 50)])
    for _ in range(2):
        await count_page(tables, Page(NOON + 1, NOON + 2))
    events, properties = await read(tables)
    assert (len(events), events[0][1], events[0][3]) == (most + 1, "", 51)
    of_known = {(one[2], one[3]): one[5] for one in properties if one[1] == "known"}
    assert len(of_known) == many + 1
    assert of_known["", ""] == 100 + 3 + 1, "beyond the most, where three others have come before, and one too long"
    assert of_known["plan", "integer"] == 2
    assert not [one for one in properties if one[1] == ""]


@pytest.mark.stack
async def test_pages_end_with_the_hour_the_day_and_what_is_visible(tables: AsyncClient) -> None:
    evening = NOON // DAY * DAY + DAY - 1000
    for done, fresh, page in (
        (NOON, NOON + 5000, Page(NOON, NOON + 5000)),
        (NOON, NOON + DAY, Page(NOON, NOON + 3_600_000)),
        (evening, NOON + DAY, Page(evening, evening + 1000)),
        (NOON, NOON, None),
    ):
        assert await next_page(tables, msgspec.json.encode(Page(done, done)), fresh) == page
    under_way = Page(NOON, NOON + 7)
    assert await next_page(tables, msgspec.json.encode(under_way), NOON + DAY) == under_way


@pytest.mark.stack
async def test_the_first_page_begins_with_the_first_event_or_where_the_catalog_ends(tables: AsyncClient) -> None:
    assert await next_page(tables, None, NOON) is None
    await store(tables, [("shop", "older build", 0, {})])
    assert await next_page(tables, None, NOON) is None
    await store(tables, [("shop", "signup", NOON - 5000, {}), ("shop", "signup", NOON - 1000, {})])
    assert await next_page(tables, None, NOON) == Page(NOON - 5000, NOON)
    old = await next_page(tables, None, NOON + 200 * DAY)
    assert old is not None
    assert old.first_ms == NOON + 110 * DAY
    await count_page(tables, Page(NOON - 5000, NOON - 2000))
    assert await next_page(tables, None, NOON) == Page(NOON - 2000, NOON)


@pytest.mark.stack
async def test_a_page_holds_so_many_events_and_always_a_moment(tables: AsyncClient) -> None:
    most = catalog.PAGE_EVENTS
    await tables.command(
        "INSERT INTO events (event_id, project, name, occurred_at, properties, _stream_ms) SELECT generateUUIDv4(), "
        f"'shop', 'x', now64(3), '{{}}', {NOON} + intDiv(number, {most // 2}) FROM numbers({most * 2})"
    )
    raw = msgspec.json.encode(Page(NOON, NOON))
    assert await next_page(tables, raw, NOON + 1000) == Page(NOON, NOON + 2)
    await tables.command(f"ALTER TABLE events UPDATE _stream_ms = {NOON} WHERE 1 SETTINGS mutations_sync = 1")
    assert await next_page(tables, raw, NOON + 1000) == Page(NOON, NOON + 1)


@pytest.mark.stack
async def test_a_run_counts_what_is_visible_and_the_next_one_the_rest(
    history: History, tables: AsyncClient, settings: Settings
) -> None:
    redis, made = history.redis, history.made
    now = (await read_progress(redis, made))[0].now
    rows: list[Row] = [("demo", "page_view", now - 5000, {"a": 1}), ("demo", "page_view", now - 4000, {"a": "x"})]
    await history.append(0, f"{rows[0][2]}-0", [event(1, properties=b'{"a":1}')])
    await history.append(1, f"{rows[1][2]}-0", [event(2, properties=b'{"a":"x"}')])
    await history.drain()
    late = now - 3000
    await history.append(2, f"{late}-0", [event(3, properties=b'{"b":1}')])  # not visible yet
    assert await catalog.count(redis, settings.clickhouse_url) == 1
    assert await read(tables) == by_hand(rows)
    assert await catalog.count(redis, settings.clickhouse_url) == 0
    await history.drain()
    assert await catalog.count(redis, settings.clickhouse_url) == 1
    assert await read(tables) == by_hand([*rows, ("demo", "page_view", late, {"b": 1})])


@pytest.mark.stack
async def test_a_run_that_was_overtaken_leaves_the_cursor_alone(
    made: Install, redis: Redis, tables: AsyncClient
) -> None:
    raw = msgspec.json.encode(Page(NOON, NOON))
    with pytest.raises(NotNow, match="another run"):
        await catalog._move(redis, raw, Page(NOON, NOON + 1))
    assert await redis.get(CURSOR) is None
    with pytest.raises(NotNow):
        await catalog.count(redis, "http://u:p@127.0.0.1:1/?database=x")
