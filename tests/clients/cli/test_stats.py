"""`headrace stats`: a number, its course, its groups, and how fresh it is."""

import orjson

from clients.cli.stats import sparkline
from tests.clients.cli.conftest import Headrace
from tests.clients.cli.double import Double, Fault


async def test_the_number_is_shown_with_its_freshness(connected: Headrace, double: Double) -> None:
    double.events.extend([{"event_type": "signup"}] * 1234)
    ended = await connected("stats", "--site", "web")
    assert (ended.code, ended.err) == (0, "")
    heads, values = ended.out.splitlines()
    assert heads.split() == ["site", "metric", "period", "value", "complete", "up", "to"]
    assert values.split()[:5] == ["web", "event_count", "24h", "1,234", "2026-11-21T10:00:00Z"]
    assert "0.2 s behind" in values


async def test_json_is_one_document(connected: Headrace, double: Double) -> None:
    double.events.extend([{"event_type": "signup"}, {"event_type": "click"}])
    ended = await connected("--json", "stats", "--event-type", "click", "--period", "1h", HEADRACE_SITE_ID="web")
    assert ended.document == {
        "metric": "event_count",
        "value": 1,
        "period": "1h",
        "site_id": "web",
        "fresh_through": "2026-11-21T10:00:00Z",
        "lag_seconds": 0.25,
    }


async def test_a_range_replaces_the_default_period(connected: Headrace, double: Double) -> None:
    await connected("stats", "--from", "2026-11-01", "--to", "2026-11-08")
    assert dict(double.requests[0].query) == {"metric": "event_count", "from": "2026-11-01", "to": "2026-11-08"}


async def test_bots_count_where_it_is_asked_for(connected: Headrace, double: Double) -> None:
    assert (await connected("stats", "--bots", "include")).code == 0
    assert double.requests[0].query["bots"] == "include"
    assert (await connected("stats", "--bots", "maybe")).code == 2


async def test_a_metric_that_does_not_exist_is_wrong_usage(connected: Headrace) -> None:
    ended = await connected("stats", "--metric", "joy", "--json")
    assert ended.code == 2
    assert "Unknown metric. Use event_count." in ended.document["error"]


async def test_a_wrong_key_ends_with_three(connected: Headrace) -> None:
    ended = await connected("stats", HEADRACE_QUERY_KEY="wrong")
    assert (ended.code, ended.out) == (3, "")
    assert "Check HEADRACE_QUERY_KEY" in ended.err


async def test_a_redirect_is_named_and_not_followed(connected: Headrace, double: Double) -> None:
    double.faults.append(Fault(status=301, headers={"Location": "https://elsewhere/"}))
    ended = await connected("stats")
    assert (ended.code, len(double.requests)) == (3, 1)
    assert "redirects to https://elsewhere/" in ended.err


async def test_what_is_asked_for_reaches_the_service(connected: Headrace, double: Double) -> None:
    asked = ("--interval", "day", "--by", "country", "--filter", "page~=/blog", "--compare", "--timezone", "Asia/Tokyo")
    assert (await connected("stats", *asked, "--limit", "5", "--cursor", "1.2.3.x")).code == 0
    sent = dict(double.requests[0].query)
    assert sent == {
        "metric": "event_count", "period": "24h", "interval": "day", "group_by": "country", "filter": "page~=/blog",
        "compare": "previous", "timezone": "Asia/Tokyo", "limit": "5", "cursor": "1.2.3.x",
    }  # fmt: skip


SERIES = [
    {"time": "2026-11-19T00:00:00Z", "value": 0, "previous": 4},
    {"time": "2026-11-20T00:00:00Z", "value": 7, "previous": None},
    {"time": "2026-11-21T00:00:00Z", "value": 14, "previous": 2, "partial": True},
]
ROWS = [
    {"dimensions": {"country": "DE"}, "value": 14, "previous": 7, "change": 1.0, "series": SERIES},
    {"dimensions": {"country": ""}, "value": 7, "previous": 0, "change": None, "series": SERIES[::-1]},
]
COMPARED = {"value": 14, "period": "2026-11-16T00:00:00Z/2026-11-19T00:00:00Z", "change": 0.5}
DATA = {"metric": "visitors", "value": 21, "period": "3d", "comparison": COMPARED}
META = {"fresh_through": "2026-11-21T10:00:00Z", "lag_seconds": 0.0, "warnings": ["country: '' is unknown."]}


def answer(**more: object) -> Fault:
    return Fault(status=200, body=orjson.dumps({"success": True, "data": {**DATA, **more}, "meta": META}))


async def test_the_course_of_a_number_is_drawn(connected: Headrace, double: Double) -> None:
    double.faults.append(answer(series=SERIES))
    ended = await connected("stats", "--interval", "day", "--compare")
    lines = [line.rstrip() for line in ended.out.splitlines()]
    assert lines[0].split()[:6] == ["site", "metric", "period", "value", "before", "change"]
    assert lines[1].split()[3:6] == ["21", "14", "+50.0%"]
    assert lines[3] == "▁▅█"
    assert [line.split() for line in lines[5:]] == [
        ["time", "value", "before"],
        ["2026-11-19T00:00:00Z", "0", "4"],
        ["2026-11-20T00:00:00Z", "7", "none"],
        ["2026-11-21T00:00:00Z", "14", "2", "…"],
    ]


async def test_groups_are_a_table_with_their_courses(connected: Headrace, double: Double) -> None:
    double.faults.append(answer(rows=ROWS, cursor="2.1.2.x"))
    ended = await connected("stats", "--interval", "day", "--compare", "--by", "country")
    lines = [line.split() for line in ended.out.splitlines()[3:]]
    assert lines == [
        ["country", "value", "before", "change", "course"],
        ["DE", "14", "7", "+100.0%", "▁▅█"],
        ["7", "0", "█▅▁"],
    ]
    assert "country: '' is unknown." in ended.err
    assert "More: --cursor 2.1.2.x" in ended.err


async def test_all_of_it_is_in_the_document(connected: Headrace, double: Double) -> None:
    double.faults.append(answer(rows=ROWS, series=SERIES, cursor="2.1.2.x"))
    document = (await connected("--json", "stats")).document
    assert document["rows"] == ROWS
    assert (document["series"], document["cursor"], document["comparison"]) == (SERIES, "2.1.2.x", COMPARED)
    assert document["warnings"] == META["warnings"]


def test_a_line_of_bars_goes_from_nothing_to_the_most() -> None:
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█"
    assert sparkline([None, 0.5, 0.0]) == " █▁"
    assert sparkline([0, 0]) == "▁▁"
    assert sparkline([]) == ""
    assert sparkline([-5, 5]) == "▁█"
