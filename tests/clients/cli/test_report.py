"""`headrace report` against a real query service."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient

from ingest_api import moment
from ingest_api.stream import Redis
from tests.clients.cli.conftest import Headrace
from tests.clients.cli.describing import Describing, describing
from tests.queries.stored import event
from workers.row import COLUMNS

pytestmark = pytest.mark.stack


@pytest.fixture
async def asking(
    headrace: Headrace, redis: Redis, redis_url: str, clickhouse_url: str, shop: str
) -> AsyncIterator[Describing]:
    """The command knows where it is."""
    async with describing(redis, redis_url, clickhouse_url, shop) as one:
        headrace.env = one.env
        yield one


@pytest.fixture
async def visited(asking: Describing, warehouse: AsyncClient) -> None:
    """Two look at the prices, one signs up ninety seconds later."""
    start = moment.now_ms() - 3_600_000
    seen: dict[str, Any] = {"name": "page_view", "url": "https://shop.example/", "path": "/pricing", "country": "DE"}
    events = [event(asking.project, client_id=one, occurred_at=start, **seen) for one in ("c1", "c2")]
    events.append(event(asking.project, client_id="c1", occurred_at=start + 90_000, country="DE"))
    await warehouse.insert("events", [list(row.values()) for row in events], column_names=list(COLUMNS))


async def test_a_funnel_is_shown_with_bars(headrace: Headrace, visited: None) -> None:
    ended = await headrace("report", "funnel", "page_view", "signup", "--breakdown", "country")
    assert ended.code == 0, ended.err
    heads, first, second, _, value, *_ = ended.out.splitlines()
    assert heads.split() == ["step", "count", "of", "all", "of", "previous", "median", "time"]
    assert first.split() == ["1", "page_view", "█" * 24, "2", "100.0%", "100.0%"]
    assert second.split() == ["2", "signup", "█" * 12, "1", "50.0%", "50.0%", "1m", "30s"]
    assert value == "DE"


async def test_a_step_may_have_filters_and_json_is_the_answer(headrace: Headrace, visited: None) -> None:
    step = '{"event":"page_view","filters":[["is","page",["/blog"]]]}'
    ended = await headrace("report", "funnel", step, "signup", "--window", "1h", "--by", "visitor", "--json")
    assert [one["count"] for one in ended.document["data"]["steps"]] == [0, 0]
    assert ended.document["meta"]["rows_read"] > 0


async def test_retention_is_a_triangle(headrace: Headrace, visited: None) -> None:
    ended = await headrace("report", "retention", "--start", "page_view", "--period", "2d")
    heads, *cohorts = ended.out.splitlines()
    assert heads.split()[:4] == ["day", "started", "0", "1"]
    assert sum(int(line.split()[1]) for line in cohorts) == 2
    assert "100%" in ended.out
    assert "The last day is not over yet." in ended.err


async def test_paths_are_shown_step_by_step(headrace: Headrace, visited: None) -> None:
    ended = await headrace("report", "paths", "--page", "/pricing", "--of", "both", "--steps", "1")
    lines = ended.out.splitlines()
    assert lines[0] == "2 visits"
    assert lines[-1].split() == ["signup", "1", "50.0%", "(start)"]


async def test_the_top_lists_are_tables(headrace: Headrace, visited: None) -> None:
    ended = await headrace("report", "top", "--lists", "pages,events", "--filters", "country==DE", "--period", "7d")
    assert [line.split() for line in ended.out.splitlines()] == [
        ["pages", "visitors", "page", "views"],
        ["/pricing", "2", "2"],
        [],
        ["events", "visitors", "events"],
        ["page_view", "2", "2"],
        ["signup", "1", "1"],
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("funnel", "page_view"), "steps"),
        (("funnel", "a", "b", "--window", "soon"), "window: 'soon' is not one"),
        (("funnel", "a", "{"), "A step is not JSON"),
        (("retention", "--filters", "country"), "--filters is not JSON"),
        (("paths", "--filters", '[["is","joy",["x"]]]'), "'joy' is no dimension"),
        (("top", "--lists", "joys"), "'joys' is not known"),
    ],
)
async def test_what_is_wrong_is_named(
    headrace: Headrace, asking: Describing, words: tuple[str, ...], said: str
) -> None:
    ended = await headrace("report", *words)
    assert (ended.code, said in ended.err) == (2, True), ended.err
