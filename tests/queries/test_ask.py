"""POST /api/v2/query: what a body means, and rows, pages, comparisons and what stands beside them over HTTP."""

import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from clickhouse_connect.driver.client import Client

from ingest_api import moment
from ingest_api.projects.keys import Kind
from queries import ask, body
from queries.ask import QueryToAsk
from queries.errors import Refused
from queries.questions.question import Question
from tests.queries.conftest import Answer, Service, Tenant
from tests.queries.stored import event, store

NOON = 1_795_003_200_000  # 2026-11-18T12:00:00Z
HOUR, DAY = 3_600_000, 86_400_000
DOCS = Path(__file__).parents[2] / "docs"
RANGE = ["2026-11-18T12:00:00Z", "2026-11-18T16:00:00Z"]


@pytest.fixture
def sold(tenant: Tenant, warehouse: Client) -> Tenant:
    """A sale an hour: before noon one, from then on four; every second one is German."""
    rows = [
        event(
            tenant.id,
            name="purchase",
            occurred_at=NOON + number * HOUR,
            client_id=f"c{number % 3}",
            country="DE" if number % 2 else "FR" if number else "",
            properties=f'{{"price": {number + 1}}}',
        )
        for number in range(-1, 4)
    ]
    store(warehouse, *rows)
    return tenant


async def asked(service: Service, tenant: Tenant, **order: Any) -> Answer:
    return await service.ask("/api/v2/query", tenant.bearer(Kind.QUERY), method="POST", data=orjson.dumps(order))


async def answer(service: Service, tenant: Tenant, **order: Any) -> dict[str, Any]:
    found = await asked(service, tenant, **{"date_range": RANGE, "metrics": ["event_count"], **order})
    assert found.status == 200, found.raw
    return found.body


def shown(found: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(*row["dimensions"], *row["metrics"]) for row in found["results"]]


def read(**order: Any) -> Question:
    given = body.read(orjson.dumps({"metrics": ["event_count"], **order}), QueryToAsk)
    return ask.read(given, "demo", NOON)


def test_a_question_is_of_the_last_day_by_its_first_metric() -> None:
    question = read(dimensions=["country"])
    assert (question.project, question.span.since, question.until) == ("demo", NOON - DAY, None)
    assert (question.order, question.limit, question.offset, question.bots) == (((1, True),), 1000, 0, "exclude")


def test_by_time_it_is_in_the_order_of_time() -> None:
    question = read(dimensions=["country", "time:day"], date_range="7d", timezone="Europe/Berlin")
    assert question.order == ((1, False), (2, True))
    assert len(question.edges) == 9
    assert question.until == question.edges[-1]
    ordered = read(dimensions=["country"], order_by=[["country", "asc"], ["event_count", "desc"]])
    assert ordered.order == ((0, False), (1, True))


@pytest.mark.parametrize(
    ("order", "place"),
    [
        ({"metrics": ["event_count", "revenue"]}, "metrics[1]"),
        ({"metrics": ["p95"]}, "metrics[0]"),
        ({"metrics": ["event_count", "event_count"]}, "metrics"),
        ({"metrics": []}, "metrics"),
        ({"metrics": ["event_count"] * 11}, "metrics"),
        ({"metrics": "event_count"}, "metrics"),
        ({"dimensions": ["country", "county"]}, "dimensions[1]"),
        ({"dimensions": ["country", "country"]}, "dimensions"),
        ({"dimensions": ["time:day", "time:hour"]}, "dimensions"),
        ({"dimensions": ["country", "page", "os", "city"]}, "dimensions"),
        ({"dimensions": ["page"], "metrics": ["sessions"]}, "dimensions"),
        ({"dimensions": ["exit_page"], "metrics": ["sessions", "visitors"]}, "dimensions"),
        ({"date_range": "1y"}, "date_range"),
        ({"date_range": ["2026-11-02", "2026-11-01"]}, "date_range"),
        ({"date_range": ["2026-11-02"]}, "date_range"),
        ({"date_range": ["x", "y"]}, "date_range"),
        ({"timezone": "Mars"}, "timezone"),
        ({"filters": [["is", "county", ["DE"]]]}, "filters[0][1]"),
        ({"filters": ["is", "country", [5]]}, "filters[2][0]"),
        ({"order_by": [["country", "asc"]]}, "order_by[0][0]"),
        ({"order_by": [["event_count", "up"]]}, "order_by"),
        ({"include": {"total": True}}, "include"),
        ({"pagination": {"limit": 0}}, "pagination"),
        ({"pagination": {"limit": 10_001}}, "pagination"),
        ({"pagination": {"cursor": "x"}}, "cursor"),
        ({"bots": "no"}, "bots"),
        ({"dimensons": []}, "dimensons"),
        ({"dimensions": ["time:minute"], "date_range": "30d"}, "interval"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(order: dict[str, Any], place: str) -> None:
    with pytest.raises(Refused) as refused:
        read(**order)
    assert refused.value.status == 400
    assert refused.value.message.startswith(f"{place}: ") or refused.value.details[0].field.startswith(place)


def test_every_field_that_is_wrong_is_named_at_once() -> None:
    with pytest.raises(Refused) as refused:
        read(metric=1, timezone=5, bots="x")
    assert {one.field for one in refused.value.details} == {"metric", "timezone", "bots"}


@pytest.mark.stack
async def test_metrics_of_all_kinds_stand_side_by_side(service: Service, sold: Tenant) -> None:
    metrics = ["event_count", "visitors", "unique_users", "new_users", "sessions", "session_duration"]
    metrics += ["sum(properties.price)", "p50(properties.price)"]
    found = await answer(service, sold, metrics=metrics, dimensions=["country"], order_by=[["country", "asc"]])
    assert shown(found) == [
        ("", 1, 1, 1, 1, 1, 0.0, 1.0, 1.0),
        ("DE", 2, 2, 2, 2, 2, 0.0, 6.0, 3.0),
        ("FR", 1, 1, 1, 0, 1, 0.0, 3.0, 3.0),
    ]
    assert found["meta"]["warnings"] == ["country: '' is where nothing is known of it."]
    assert shown(await answer(service, sold, metrics=metrics)) == [(4, 3, 3, 2, 4, 0.0, 10.0, 2.5)]


@pytest.mark.stack
async def test_of_a_time_alone_every_interval_is_a_row_in_any_order(service: Service, sold: Tenant) -> None:
    order: dict[str, Any] = {"dimensions": ["time:hour"], "filters": [["is", "country", ["DE"]]]}
    order |= {"metrics": ["event_count", "max(properties.price)"], "timezone": "Asia/Kathmandu"}
    found = await answer(service, sold, **order)
    starts = [f"2026-11-18T{hour}:00:00+05:45" for hour in (17, 18, 19, 20, 21)]
    assert shown(found) == [
        *((starts[0], 0, None), (starts[1], 1, 2.0), (starts[2], 0, None), (starts[3], 1, 4.0), (starts[4], 0, None))
    ]
    for direction, places in (("desc", (3, 1, 0, 2, 4)), ("asc", (1, 3, 0, 2, 4))):
        found = await answer(service, sold, **order, order_by=[["max(properties.price)", direction]])
        assert [row["dimensions"][0] for row in found["results"]] == [starts[place] for place in places]
    page = await answer(service, sold, **order, pagination={"limit": 2, "offset": 1})
    assert [row["dimensions"][0] for row in page["results"]] == starts[1:3]
    rest = await answer(service, sold, **order, pagination={"limit": 9, "cursor": page["meta"]["cursor"]})
    assert [row["dimensions"][0] for row in rest["results"]] == starts[3:]
    assert "cursor" not in rest["meta"]


@pytest.mark.stack
async def test_what_is_to_be_included_is(service: Service, sold: Tenant) -> None:
    include = {"comparison": "previous", "totals": True, "total_rows": True, "time_labels": True}
    found = await answer(
        service, sold, dimensions=["time:hour", "country"], include=include, pagination={"limit": 3}, timezone="UTC"
    )
    assert [(row["metrics"], row["comparison"]) for row in found["results"]] == [
        ([1], {"metrics": [0], "change": [None]}),
        ([1], {"metrics": [0], "change": [None]}),
        ([1], {"metrics": [0], "change": [None]}),
    ]
    meta = found["meta"]
    assert (meta["totals"], meta["comparison_totals"], meta["total_rows"]) == ([4], [1], 4)
    assert [label[11:13] for label in meta["time_labels"]] == ["12", "13", "14", "15"]
    assert meta["partial_time_labels"] == []
    assert meta["warnings"][-1] == "There are more rows: ask for them with the cursor."
    last = await answer(
        service, sold, dimensions=["time:hour", "country"], include=include,
        pagination={"limit": 3, "cursor": meta["cursor"]}, timezone="UTC",
    )  # fmt: skip
    assert [(row["dimensions"], row["comparison"]) for row in last["results"]] == [
        (["2026-11-18T15:00:00Z", "DE"], {"metrics": [1], "change": [0.0]})
    ]


@pytest.mark.stack
async def test_a_comparison_without_dimensions_is_of_the_whole(service: Service, sold: Tenant) -> None:
    found = await answer(
        service, sold, metrics=["event_count", "avg(properties.price)"], include={"comparison": "previous"}
    )
    assert found["results"] == [
        {"dimensions": [], "metrics": [4, 2.5], "comparison": {"metrics": [1, 0.0], "change": [3.0, None]}}
    ]
    understood = found["query"]
    assert understood["date_range"] == ["2026-11-18T12:00:00Z", "2026-11-18T16:00:00Z"]
    assert understood["comparison_range"] == ["2026-11-18T08:00:00Z", "2026-11-18T12:00:00Z"]


@pytest.mark.stack
async def test_the_question_comes_back_as_it_was_understood(service: Service, sold: Tenant) -> None:
    found = await answer(service, sold, dimensions=["country"], filters=[["is_set", "country"]], site_id=sold.site)
    assert found["query"] == {
        "metrics": ["event_count"],
        "dimensions": ["country"],
        "date_range": ["2026-11-18T12:00:00Z", "2026-11-18T16:00:00Z"],
        "timezone": "UTC",
        "filters": [["is_set", "country"]],
        "order_by": [["event_count", "desc"]],
        "limit": 1000,
        "offset": 0,
        "site_id": sold.site,
        "bots": "exclude",
        "approximate": False,
    }
    assert shown(found) == [("DE", 2), ("FR", 1)]
    assert moment.parse(found["meta"]["fresh_through"])


@pytest.mark.stack
async def test_estimates_and_what_is_kept_no_longer_are_told(service: Service, sold: Tenant) -> None:
    found = await answer(service, sold, metrics=["visitors"], approximate=True)
    assert (shown(found), found["meta"]["warnings"]) == (
        [(3,)],
        ["Estimates were asked for: numbers of people and percentiles may be a little off."],
    )


@pytest.mark.stack
async def test_a_site_of_another_project_is_refused(service: Service, tenant: Tenant, stranger: Tenant) -> None:
    refused = await asked(service, tenant, metrics=["visitors"], site_id=stranger.site)
    assert (refused.status, refused.body["error"]) == (403, "site_id: does not belong to this key's project.")


@pytest.mark.stack
async def test_every_example_of_the_documents_is_answered(service: Service, sold: Tenant) -> None:
    written = "".join((DOCS / name).read_text() for name in ("stats.md", "api.md"))
    bodies = re.findall(r"/api/v2/query .*?-d '(.*?)'", written, re.DOTALL)
    assert len(bodies) >= 2
    for one in bodies:
        found = await asked(service, sold, **orjson.loads(one))
        assert found.status == 200, (one, found.body)
    filters = re.findall(r'^    (\["\w+", .*\])$', written, re.MULTILINE)
    assert len(filters) >= 9
    for one in filters:
        await answer(service, sold, filters=[orjson.loads(one)])
