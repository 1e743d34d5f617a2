"""Does ClickHouse hold what the streams say? The last word of the workers' audit."""

from clients.cli.checks.redis import INSTALLATION
from clients.cli.checkup import Check, Finding, Probe, fail, ok, warn
from workers import audit
from workers.heartbeat import redis_ms

#: the workers audit every five minutes
LATE_MINUTES = 15


async def missing(probe: Probe) -> Finding:
    """What the last audit found."""
    redis = probe.redis()
    found = await audit.read(redis)
    if found is None:
        return ok("no audit yet: the workers make one every five minutes")
    if found.holes:
        return fail(f"{found.missing:,} committed events are missing in ClickHouse", f"Bring them back: {found.remedy}")
    minutes = (await redis_ms(redis) - found.at) // 60_000
    if minutes > LATE_MINUTES:
        return warn(f"the last audit was {minutes} minutes ago", "See in the workers' log why: `the audit waits`.")
    return ok(f"nothing is missing: {found.minutes} minutes of shards compared {minutes} minutes ago")


CHECKS = (Check("audit", missing, needs=INSTALLATION),)
