"""GET /api/v1/stats: what the query string means, and numbers, series, groups and the time before over HTTP."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import given
from hypothesis import strategies as st

from ingest_api import moment
from queries import stats
from queries.errors import Refused
from queries.questions.dimensions import DIMENSIONS
from queries.questions.filters import And, Leaf, Not
from tests.queries.conftest import Service, Tenant
from tests.queries.stored import event, store
from tests.queries.test_request import NASTY

NOON = 1_795_003_200_000  # 2026-11-18T12:00:00Z, 13:00 in Berlin
HOUR, DAY = 3_600_000, 86_400_000
DOCS = Path(__file__).parents[2] / "docs"
NAMES = [parameter.name for parameter in stats.PARAMETERS]
#: of a day, with one event an hour from noon on; every second one is German, and each costs one more
SPAN = {"from": str(NOON), "to": str(NOON + 4 * HOUR)}


@pytest.fixture
def sold(tenant: Tenant, warehouse: Client) -> Tenant:
    rows = [
        event(
            tenant.id,
            name="purchase",
            occurred_at=NOON + number * HOUR,
            client_id=f"c{number % 3}",
            country="DE" if number % 2 else "FR" if number else "",
            properties=f'{{"price": {number + 1}, "plan": "pro"}}',
        )
        for number in range(-2, 4)
    ]
    store(warehouse, *rows)
    return tenant


async def data(service: Service, tenant: Tenant, **params: str | int) -> dict[str, Any]:
    answer = await service.stats(tenant, {**SPAN, **params})
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.body["data"]
    return found


def read(**asked: str) -> stats.Asked:
    return stats.read(asked, "demo", NOON)


def test_without_parameters_the_last_day_is_counted() -> None:
    asked = read()
    question = asked.question
    assert (question.project, question.metrics[0].name, question.span.label) == ("demo", "event_count", "24h")
    assert (question.span.since, question.until, question.bots, question.limit) == (NOON - DAY, None, "exclude", 100)
    assert (asked.by, asked.interval, asked.before, question.filter) == ((), "", None, And(()))


def test_a_filter_is_written_short_or_as_json() -> None:
    german, event_type = Leaf("is", DIMENSIONS["country"], ("DE",)), Leaf("is", DIMENSIONS["event"], ("buy",))
    assert read(filter="country==DE").question.filter == And((german,))
    assert read(filter='["is", "country", ["DE"]]', event_type="buy").question.filter == And((german, event_type))
    assert read(filter="country!=DE").question.filter == And((Not(german),))


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({"metric": "revenue"}, "metric"),
        ({"metric": ""}, "metric"),
        ({"metric": "p95"}, "metric"),
        ({"metric": "p95", "property": "a'"}, "metric"),
        ({"metric": "visitors", "property": "a"}, "metric"),
        ({"bots": ""}, "bots"),
        ({"bots": "yes"}, "bots"),
        ({"period": "1y"}, "period"),
        ({"from": "2026-11-02", "to": "2026-11-01"}, "from"),
        ({"timezone": "Mars"}, "timezone"),
        ({"interval": "second"}, "interval"),
        ({"interval": ""}, "interval"),
        ({"interval": "minute", "period": "30d"}, "interval"),
        ({"group_by": "county"}, "group_by"),
        ({"group_by": "time:day"}, "group_by"),
        ({"group_by": "country,country"}, "group_by"),
        ({"group_by": "country,page,os,city"}, "group_by"),
        ({"group_by": "page", "metric": "sessions"}, "group_by"),
        ({"group_by": "entry_page"}, "group_by"),
        ({"filter": "country"}, "filter"),
        ({"filter": "county==DE"}, "filter[0][1]"),
        ({"filter": "[1"}, "filter"),
        ({"filter": "[" * 2000}, "filter"),
        ({"compare": "next"}, "compare"),
        ({"compare": "previous", "period": "all"}, "compare"),
        ({"limit": "0"}, "limit"),
        ({"limit": "1001"}, "limit"),
        ({"cursor": "1.2"}, "cursor"),
        ({"approximate": "yes"}, "approximate"),
        ({"event_type": "a\nb"}, "event_type"),
    ],
)
def test_a_wrong_parameter_is_named(asked: dict[str, str], name: str) -> None:
    with pytest.raises(Refused) as refused:
        read(**asked)
    assert refused.value.status == 400
    assert refused.value.message.startswith(f"{name}: ")


@pytest.mark.parametrize("name", ["project", "Metric", "from ", "", "a\x00", "x" * 100])
def test_an_unknown_parameter_is_refused_with_those_that_are_known(name: str) -> None:
    with pytest.raises(Refused) as refused:
        read(**{name: "1"})
    assert refused.value.message.endswith(f"Known: {', '.join(sorted(NAMES))}.")


@given(st.sampled_from(NAMES), st.text() | st.sampled_from(NASTY) | st.from_regex(r"[0-9]{1,40}[mhdw]?|[a-z=~;|]*"))
def test_any_text_is_understood_or_refused_in_one_line(name: str, value: str) -> None:
    try:
        asked = read(**{name: value})
    except Refused as why:
        refused = why
    else:
        assert asked.question.project == "demo"
        return
    assert (refused.status, refused.message.isprintable()) == (400, True)


@pytest.mark.stack
async def test_one_number_has_the_shape_of_the_document(service: Service, sold: Tenant) -> None:
    answer = await service.stats(sold, {"period": "3650d"})
    assert answer.body["data"] == {"metric": "event_count", "value": 6, "period": "3650d"}
    meta = answer.body["meta"]
    assert meta["warnings"] == []
    assert meta["rows_read"] >= 6
    assert meta["elapsed"] > 0
    assert moment.parse(meta["fresh_through"])


@pytest.mark.stack
async def test_a_figure_of_a_property_is_asked_for_in_two_ways(service: Service, sold: Tenant) -> None:
    for params in ({"metric": "sum(properties.price)"}, {"metric": "sum", "property": "price"}):
        found = await data(service, sold, **params)
        assert (found["metric"], found["value"]) == ("sum(properties.price)", 10)
    assert (await data(service, sold, metric="avg", property="nothing"))["value"] is None


@pytest.mark.stack
async def test_filters_choose_events(service: Service, sold: Tenant) -> None:
    for written, value in (
        ("country==DE", 2),
        ("country==DE|FR", 3),
        ("properties.price>=2;properties.price<4", 2),
        ("properties.plan==pro", 4),
        ("properties.plan!=pro", 0),
        ("country!~D", 2),
        ('["has_done", ["gte", "properties.price", 4]]', 2),
    ):
        assert (await data(service, sold, filter=written))["value"] == value, written


@pytest.mark.stack
async def test_a_series_has_every_interval_and_says_which_are_cut_off(service: Service, sold: Tenant) -> None:
    found = await data(service, sold, **{"from": NOON - 90 * 60_000}, interval="hour", timezone="Europe/Berlin")
    assert [(point["time"][11:], point["value"], point.get("partial")) for point in found["series"]] == [
        ("11:00:00+01:00", 0, True),
        ("12:00:00+01:00", 1, None),
        *((f"{hour}:00:00+01:00", 1, None) for hour in (13, 14, 15, 16)),
    ]
    assert found["value"] == sum(point["value"] for point in found["series"]) == 5
    later = await data(service, sold, to=NOON + 6 * HOUR, interval="hour", filter="country==DE")
    assert [point["value"] for point in later["series"]] == [0, 1, 0, 1, 0, 0]


@pytest.mark.stack
async def test_the_interval_that_runs_is_partial(service: Service, tenant: Tenant, warehouse: Client) -> None:
    store(warehouse, event(tenant.id))
    answer = await service.stats(tenant, {"period": "today", "interval": "day"})
    ((point,), now) = answer.body["data"]["series"], moment.now_ms()
    if moment.text(now)[:10] == point["time"][:10]:  # not at midnight
        assert (point["value"], point["partial"]) == (1, True)


@pytest.mark.stack
async def test_groups_come_the_greatest_first_and_a_cursor_goes_on(service: Service, sold: Tenant) -> None:
    found = await data(service, sold, metric="sum(properties.price)", group_by="country,properties.plan")
    assert found["rows"] == [
        {"dimensions": {"country": "DE", "properties.plan": "pro"}, "value": 6},
        {"dimensions": {"country": "FR", "properties.plan": "pro"}, "value": 3},
        {"dimensions": {"country": "", "properties.plan": "pro"}, "value": 1},
    ]
    pages: list[tuple[str, int]] = []
    cursor = ""
    for _ in range(3):
        page = await data(service, sold, group_by="country", limit=1, **({"cursor": cursor} if cursor else {}))
        pages += [(row["dimensions"]["country"], row["value"]) for row in page["rows"]]
        cursor = page.get("cursor", "")
    assert (pages, cursor) == ([("DE", 2), ("", 1), ("FR", 1)], "")


@pytest.mark.stack
async def test_a_cursor_keeps_the_span_of_its_first_page(service: Service, sold: Tenant) -> None:
    first = (await service.stats(sold, {"period": "3650d", "group_by": "country", "limit": 1})).body["data"]
    other = await service.stats(sold, {"period": "3650d", "group_by": "page", "cursor": first["cursor"]})
    assert (other.status, other.body["error"].startswith("cursor: is of another question")) == (400, True)
    answer = await service.stats(sold, {"period": "1m", "group_by": "country", "cursor": first["cursor"]})
    assert [row["dimensions"]["country"] for row in answer.body["data"]["rows"]] == ["FR", ""]
    told = answer.body["meta"]["warnings"]
    assert told == ["country: '' is where nothing is known of it."]


@pytest.mark.stack
async def test_each_group_has_its_series(service: Service, sold: Tenant) -> None:
    found = await data(service, sold, group_by="country", interval="hour", limit=2, filter="country!=FR")
    assert [(row["dimensions"]["country"], [one["value"] for one in row["series"]]) for row in found["rows"]] == [
        ("DE", [0, 1, 0, 1]),
        ("", [1, 0, 0, 0]),
    ]


@pytest.mark.stack
async def test_the_span_before_stands_beside(service: Service, sold: Tenant) -> None:
    found = await data(service, sold, compare="previous", group_by="country", interval="hour")
    before = {"value": 2, "period": "2026-11-18T08:00:00Z/2026-11-18T12:00:00Z", "change": 1.0}
    assert (found["value"], found["comparison"]) == (4, before)
    assert [(row["dimensions"]["country"], row["previous"], row["change"]) for row in found["rows"]] == [
        ("DE", 1, 1.0),
        ("", 0, None),
        ("FR", 1, 0.0),
    ]
    assert [point["previous"] for point in found["rows"][0]["series"]] == [0, 0, 0, 1]
    alone = await data(service, sold, compare="previous", interval="hour")
    assert [(point["value"], point["previous"]) for point in alone["series"]] == [(1, 0), (1, 0), (1, 1), (1, 1)]


@pytest.mark.stack
async def test_a_month_stands_beside_a_shorter_one(service: Service, tenant: Tenant, warehouse: Client) -> None:
    now = moment.now_ms()
    store(warehouse, event(tenant.id, occurred_at=now))
    answer = await service.stats(tenant, {"period": "month", "interval": "day", "compare": "previous"})
    points = answer.body["data"]["series"]
    assert 28 <= len(points) <= 31
    assert sum(point["value"] for point in points) == 1
    assert {point["previous"] for point in points} <= {0, None}


@pytest.mark.stack
async def test_of_nothing_there_are_no_groups(service: Service, tenant: Tenant) -> None:
    answer = await service.stats(tenant, {"group_by": "country", "interval": "day", "compare": "previous"})
    assert (answer.body["data"]["value"], answer.body["data"]["rows"]) == (0, [])


@pytest.mark.stack
async def test_groups_whose_values_are_too_long_to_be_named_are_refused(
    service: Service, tenant: Tenant, warehouse: Client
) -> None:
    rows = [event(tenant.id, url=f"https://x/{number}{'é' * 4000}", occurred_at=NOON) for number in range(30)]
    store(warehouse, *rows)
    assert len((await data(service, tenant, group_by="url", limit=30))["rows"]) == 30
    assert len((await data(service, tenant, group_by="url", limit=20, interval="hour"))["rows"]) == 20
    answer = await service.stats(tenant, {**SPAN, "group_by": "url", "limit": 30, "interval": "hour"})
    assert (answer.status, "Ask for fewer of them" in answer.body["error"]) == (422, True)


@pytest.mark.stack
@pytest.mark.parametrize("pattern", ["(", "(?=a)", "a{1001}", "\\"])
async def test_a_pattern_that_is_none_is_refused(service: Service, sold: Tenant, pattern: str) -> None:
    quoted = pattern.replace("\\", "\\\\")
    answer = await service.stats(sold, {**SPAN, "filter": f'["matches", "page", "{quoted}"]'})
    assert (answer.status, answer.body["error"]) == (400, "matches: a pattern is none that RE2 can read.")


@pytest.mark.stack
async def test_a_foreign_site_is_refused(service: Service, tenant: Tenant, stranger: Tenant) -> None:
    for site in (stranger.site, "nowhere", "' OR 1=1 --"):
        answer = await service.stats(tenant, {"site_id": site})
        assert (answer.status, answer.body["error"]) == (403, "site_id: does not belong to this key's project.")
    assert (await service.stats(tenant, {"site_id": tenant.site})).status == 200


@pytest.mark.stack
async def test_every_example_of_the_documents_is_answered(service: Service, sold: Tenant) -> None:
    written = "".join((DOCS / name).read_text() for name in ("stats.md", "api.md"))
    examples = re.findall(r'/api/v1/stats\?([^" ]*)"', written)
    assert len(examples) >= 5
    for example in examples:
        answer = await service.stats(sold, dict(parse_qsl(example, strict_parsing=True)))
        assert answer.status == 200, (example, answer.body)


def test_every_parameter_stands_in_the_documents() -> None:
    rows = re.findall(r"^\| (`.*?) \|", (DOCS / "api.md").read_text().split("## `GET /api/v1/stats`")[1], re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert set(NAMES) - named == set()
