"""The checks of the services, on the double."""

from clients.cli.checks.services import CHECKS
from clients.cli.checkup import Finding, State, examine
from tests.clients.cli.checks.conftest import Look
from tests.clients.cli.double import QUERY_KEY, WRITE_KEY, Double


async def found(look: Look, **settings: str) -> dict[str, Finding]:
    return {check.name: finding async for check, finding in examine(CHECKS, await look(**settings))}


async def test_services_that_are_well_pass(look: Look, double: Double) -> None:
    findings = await found(look, url=double.url, write_key=WRITE_KEY, query_key=QUERY_KEY, site_id="web")
    assert {finding.state for finding in findings.values()} == {State.OK}
    assert findings["query key"].found == "0 events in 24 h, complete up to 2026-11-21T10:00:00Z"


async def test_a_front_door_that_sheds_is_a_warning_with_the_reason(look: Look, double: Double) -> None:
    double.shedding = "Redis holds 84% of its maxmemory"
    finding = (await found(look, url=double.url))["front door ready"]
    assert (finding.state, finding.found) == (
        State.WARN,
        "ok, but some events are refused: Redis holds 84% of its maxmemory",
    )
    assert "docs/pressure.md" in finding.remedy


async def test_looking_stores_no_event(look: Look, double: Double) -> None:
    await found(look, url=double.url, write_key=WRITE_KEY)
    assert [request.path for request in double.requests] == ["/v1/events"]
    assert double.events == []


async def test_wrong_keys_are_named_each_for_itself(look: Look, double: Double) -> None:
    findings = await found(look, url=double.url, write_key="wrong", query_key="wrong")
    failed = {name: finding.found for name, finding in findings.items() if finding.state is State.FAIL}
    assert set(failed) == {"write key", "query key"}
    assert "HEADRACE_WRITE_KEY" in failed["write key"]


async def test_keys_that_are_not_known_are_skipped(look: Look, double: Double) -> None:
    findings = await found(look, url=double.url)
    assert [name for name, finding in findings.items() if finding.state is State.SKIPPED] == ["write key", "query key"]


async def test_one_service_away_leaves_the_other_checked(look: Look, double: Double) -> None:
    findings = await found(look, ingest_url="http://127.0.0.1:1", query_url=double.url, query_key=QUERY_KEY)
    assert {name: finding.state for name, finding in findings.items()} == {
        "front door alive": State.FAIL,
        "front door ready": State.SKIPPED,
        "write key": State.SKIPPED,
        "queries ready": State.OK,
        "query key": State.OK,
    }
    assert "Connection refused" in findings["front door alive"].found
    assert findings["front door alive"].remedy


async def test_an_address_that_cannot_be_used_is_a_failure(look: Look) -> None:
    assert (await found(look, url="localhost"))["front door alive"].state is State.FAIL
