"""Is Redis there, is it safe to keep events in, and is it prepared for Headrace?"""

import time
from typing import Any, cast

from redis.exceptions import RedisError, ResponseError

from clients.cli.checks.topology import everywhere, shards
from clients.cli.checkup import Check, Finding, Probe, fail, ok, warn
from clients.cli.settings import without_password
from ingest_api import stream
from ingest_api.servers import layout, routing
from ingest_api.stream import Redis

OLDEST = (7, 2)
SLOW_MS = 5.0
#: how far away a server is shows in the quickest of some answers; any one of them may have met other work
_PINGS = 5
#: of maxmemory; the front door begins to refuse before the limit is reached
MEMORY_WARN, MEMORY_FAIL = 0.75, 0.9
CLOCK_SECONDS = 2.0
ANSWERS = "Redis answers"
_START = "Start Redis, or correct HEADRACE_REDIS_URL (redis://:password@host:6379/0)."
_CONF = "and put it into its configuration file, so that it outlives a restart"


async def answers(probe: Probe) -> Finding:
    """Reachable, and how fast."""
    servers = await routing.servers(probe.redis())
    for one in servers:
        try:
            await one.ping()
        except (RedisError, OSError) as error:
            told = f"{routing.name(one)}: {error}" if len(servers) > 1 else str(error)
            return fail(told, _START)
    took = min([await _ping_ms(servers[0]) for _ in range(_PINGS)])
    found = f"{without_password(probe.settings.redis_url)} in {took:.1f} ms"
    if took > SLOW_MS:
        return warn(found, "Every request waits for Redis: keep it near the front door, and look at its load.")
    return ok(found)


async def _ping_ms(redis: Redis) -> float:
    started = time.perf_counter()
    await redis.ping()
    return (time.perf_counter() - started) * 1000


@everywhere
async def version(redis: Redis) -> Finding:
    """Functions came with version 7, WAITAOF with 7.2, in which Valkey began."""
    info = await _info(redis, "server")
    told = tuple(int(part) for part in str(info["redis_version"]).split(".")[:2])
    name, number = ("Valkey", info["valkey_version"]) if "valkey_version" in info else ("Redis", info["redis_version"])
    if told < OLDEST:
        return fail(f"{name} {number}", "Headrace needs Redis 7.2 or newer, or any Valkey.")
    return ok(f"{name} {number}")


@everywhere
async def persistence(redis: Redis) -> Finding:
    """What is acknowledged must outlive a restart."""
    info = await _info(redis, "persistence")
    if not info["aof_enabled"]:
        return fail("appendonly no: a restart loses acknowledged events", f"CONFIG SET appendonly yes, {_CONF}.")
    if info.get("aof_last_write_status", "ok") != "ok":
        return fail("the last write of the append-only file failed", "Look at the disk of Redis: is it full?")
    try:
        fsync = (await cast("Any", redis).config_get("appendfsync"))["appendfsync"]
    except ResponseError:
        return warn(
            "appendonly yes, appendfsync cannot be read", "Let the user read it: ACL SETUSER <user> +config|get"
        )
    if fsync == "no":
        return warn("appendfsync no", f"A power cut loses more than a second: CONFIG SET appendfsync always, {_CONF}.")
    return ok(f"appendonly yes, appendfsync {fsync}")


@everywhere
async def eviction(redis: Redis) -> Finding:
    """Redis must refuse when it is full, and never forget."""
    policy = str((await _info(redis, "memory"))["maxmemory_policy"])
    if policy != "noeviction":
        return fail(
            f"maxmemory-policy {policy}",
            f"It drops events in silence: CONFIG SET maxmemory-policy noeviction, {_CONF}.",
        )
    return ok("maxmemory-policy noeviction")


@everywhere
async def memory(redis: Redis) -> Finding:
    """Room for the events that wait."""
    info = await _info(redis, "memory")
    used, limit = int(info["used_memory"]), int(info["maxmemory"])
    if not limit:
        return warn(
            f"{_mb(used)} used, no limit",
            f"Set one below the machine's memory, else the kernel ends Redis: CONFIG SET maxmemory 4gb, {_CONF}.",
        )
    share = used / limit
    found = f"{_mb(used)} of {_mb(limit)} used ({share:.0%})"
    remedy = "See below whether the workers keep up; else give Redis more memory."
    if share >= MEMORY_FAIL:
        return fail(found, remedy)
    return warn(found, remedy) if share >= MEMORY_WARN else ok(found)


@everywhere
async def functions(redis: Redis) -> Finding:
    """The library that appends and drains."""
    found = await cast("Any", redis).function_list(stream.LIBRARY, withcode=True)
    if not found:
        return fail(f"{stream.LIBRARY} is not loaded", "The front door loads it: start it.")
    fields = {found[0][i]: found[0][i + 1] for i in range(0, len(found[0]), 2)}
    if fields[b"library_code"] != stream.library().encode():
        return warn(
            f"{stream.LIBRARY} is not the one of this version", "Restart the front door, or update this command."
        )
    return ok(stream.LIBRARY)


async def installation(probe: Probe) -> Finding:
    """What was fixed at install."""
    probe.install = install = await stream.read_install(probe.redis())
    return ok(f"{install.shard_count} shards, keys remembered for {install.window_ms / 3_600_000:g} h")


async def kept(probe: Probe) -> Finding:
    """Whether Redis keeps events as safe as the installation promises: a probe is written, and waited for."""
    level = (await stream.read_install(probe.redis())).durability
    if missing := await layout.lacks(probe.redis(), level):
        return fail(f"not kept at {level}, so no event is taken", missing)
    return ok(level.value)


@everywhere
async def clock(redis: Redis) -> Finding:
    """Times of events are checked against the clock of the front door, lag against that of Redis."""
    before = time.time()
    seconds, microseconds = await cast("Any", redis).time()
    apart = seconds + microseconds / 1e6 - (before + time.time()) / 2
    if abs(apart) >= CLOCK_SECONDS:
        return fail(f"Redis's clock is {apart:+.1f} s from this machine's", "Let both machines keep time with NTP.")
    return ok(f"{abs(apart) * 1000:.0f} ms from this machine's")


async def _info(redis: Redis, section: str) -> dict[str, Any]:
    return cast("dict[str, Any]", await cast("Any", redis).info(section))


def _mb(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"


INSTALLATION = "installation"
CHECKS = (
    Check(ANSWERS, answers, _START),
    Check("Redis version", version, needs=ANSWERS),
    Check("Redis persistence", persistence, needs=ANSWERS),
    Check("Redis eviction", eviction, needs=ANSWERS),
    Check("Redis memory", memory, needs=ANSWERS),
    Check("clock", clock, needs=ANSWERS),
    Check("function library", functions, "The user in HEADRACE_REDIS_URL must be allowed FUNCTION.", needs=ANSWERS),
    Check(INSTALLATION, installation, "Start the front door: it makes the installation.", needs=ANSWERS),
    Check("shards", shards, needs=INSTALLATION),
    Check("durability", kept, needs=INSTALLATION),
)
