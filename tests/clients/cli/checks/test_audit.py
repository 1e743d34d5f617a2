"""The check of the audit, on what a real Valkey holds."""

from typing import Any

import msgspec
import pytest

from clients.cli.checks.audit import missing
from clients.cli.checkup import State
from tests.clients.cli.checks.conftest import Look
from workers.audit import FINDINGS, Findings, Hole

pytestmark = pytest.mark.stack


async def tell(redis: Any, *holes: Hole, ago_minutes: int = 0) -> None:
    """What an audit of that long ago found."""
    at = (await redis.time())[0] * 1000 - ago_minutes * 60_000
    await redis.set(FINDINGS, msgspec.json.encode(Findings(at, 12, list(holes))))


async def test_missing_events_are_a_failure_with_the_command_that_mends_it(
    look: Look, installed: Any, redis_url: str
) -> None:
    probe = await look(redis_url=redis_url)
    assert (await missing(probe)).state is State.OK
    await tell(
        installed, Hole(1, 1_795_000_020_000, 1_795_000_080_000, 40), Hole(1, 1_795_000_140_000, 1_795_000_200_000, 2)
    )
    finding = await missing(probe)
    assert (finding.state, finding.found) == (State.FAIL, "42 committed events are missing in ClickHouse")
    command = "headrace replay --from 2026-11-18T11:07:00Z --to 2026-11-18T11:10:00Z --shard 1"
    assert finding.remedy == f"Bring them back: {command}"


async def test_an_audit_that_does_not_come_is_told(look: Look, installed: Any, redis_url: str) -> None:
    probe = await look(redis_url=redis_url)
    await tell(installed)
    assert (await missing(probe)).state is State.OK
    await tell(installed, ago_minutes=40)
    finding = await missing(probe)
    assert (finding.state, finding.found) == (State.WARN, "the last audit was 40 minutes ago")
