"""Do the front door and the query service answer, are they ready, and do the keys open them?"""

from datetime import UTC, datetime

import msgspec
import orjson

from clients.cli.bulk import BatchAnswer
from clients.cli.checkup import Check, Finding, Probe, fail, ok, warn
from clients.cli.stats import StatsAnswer

_SHED = "Redis fills because the workers are behind, or because it is too small: docs/pressure.md."
_LOG = "Its log says more; `headrace doctor` checks what it depends on."


class _Said(msgspec.Struct, frozen=True):
    """What a service says of itself."""

    status: str = ""
    #: why some dialects' events are refused
    shedding: str = ""


async def front_door_alive(probe: Probe) -> Finding:
    """The process runs."""
    return await _health(probe, probe.front_door(), "/healthz", "The front door")


async def front_door_ready(probe: Probe) -> Finding:
    """It takes events now."""
    return await _health(probe, probe.front_door(), "/readyz", "The front door")


async def queries_ready(probe: Probe) -> Finding:
    """It answers questions now."""
    return await _health(probe, probe.queries(), "/readyz", "The query service")


async def write_key(probe: Probe) -> Finding:
    """An event is checked with it, and not stored."""
    probe.configured("write_key")
    probe.front_door()
    event = {"event_type": "doctor", "occurred_at": datetime.now(UTC).isoformat()}
    answer = await probe.service.post_events(orjson.dumps(event), "application/json", params={"validate": "1"})
    if answer.status != 200:
        return fail(f"the front door finds fault with a plain event: {answer.reason()}", "Update this command.")
    answer.decode(BatchAnswer)
    return ok("the front door takes events with it")


async def query_key(probe: Probe) -> Finding:
    """A number is asked for with it."""
    probe.configured("query_key")
    probe.queries()
    params = {"metric": "event_count", "period": "24h"}
    if probe.settings.site_id:
        params["site_id"] = probe.settings.site_id
    answer = (await probe.service.query("/api/v1/stats", params)).decode(StatsAnswer)
    return ok(f"{answer.data.value} events in 24 h, complete up to {answer.meta.fresh_through or 'an unknown time'}")


async def _health(probe: Probe, base: str, path: str, who: str) -> Finding:
    answer = await probe.service.health(base, path, who)
    if answer.status != 200:
        return fail(f"{answer.who} answered {answer.status} to {path}", "Does the address name the right service?")
    said = _said(answer.body)
    if said.shedding:
        return warn(f"{said.status}, but some events are refused: {said.shedding}", _SHED)
    return ok(said.status or f"{base}{path}")


def _said(body: bytes) -> _Said:
    try:
        return msgspec.json.decode(body, type=_Said)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _Said()


FRONT_DOOR = "front door alive"
QUERIES = "queries ready"
_ADDRESS = "Start it, or correct HEADRACE_INGEST_URL or HEADRACE_URL."
CHECKS = (
    Check(FRONT_DOOR, front_door_alive, _ADDRESS),
    Check("front door ready", front_door_ready, _LOG, needs=FRONT_DOOR),
    Check("write key", write_key, needs=FRONT_DOOR),
    Check(QUERIES, queries_ready, "Start it, or correct HEADRACE_QUERY_URL or HEADRACE_URL."),
    Check("query key", query_key, needs=QUERIES),
)
