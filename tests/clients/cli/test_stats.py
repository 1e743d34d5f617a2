"""`headrace stats`: a number and how fresh it is."""

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
