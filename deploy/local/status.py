"""How each part is now, asked at this moment, and how far the drain has come."""

import asyncio
from collections.abc import Mapping

import msgspec
from redis.exceptions import RedisError
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Column, Table

from deploy.local import process, record, stack
from deploy.local.home import Home
from deploy.local.ready import Probe
from deploy.local.record import PartRecord
from deploy.local.settings import Settings
from ingest_api import stream
from ingest_api.progress import read_progress


class PartStatus(msgspec.Struct, frozen=True):
    """One process. `problem` is empty while it is healthy."""

    name: str
    pid: int | None
    port: int | None
    problem: str
    restarts: int
    memory_bytes: int


class ShardStatus(msgspec.Struct, frozen=True):
    """One shard. `waiting` counts events that are acknowledged and not yet stored."""

    shard: int
    owner: str
    lag_seconds: float
    waiting: int


class Status(msgspec.Struct, frozen=True):
    """The whole stack. `problem` says what is wrong beside the parts, empty when nothing is."""

    running: bool
    healthy: bool
    problem: str = ""
    parts: tuple[PartStatus, ...] = ()
    shards: tuple[ShardStatus, ...] = ()


async def ask(home: Home, settings: Settings) -> Status:
    """Ask every part now."""
    if home.holder() is None:
        return Status(running=False, healthy=False, problem=f"Nothing runs in {home.path}. Start it with `make up`.")
    written = record.read(home.stack_json)
    chosen = {name: choice.got for name, choice in home.read_ports().items()}
    secrets = home.secrets()
    probes = {spec.name: spec.probe for spec in stack.specs(home, settings, chosen, secrets) if spec.probe}
    parts = await asyncio.gather(*(_part(part, probes) for part in written.parts))
    shards, problem = await _shards(stack.urls(chosen, secrets).redis)
    if written.state != "ready":
        problem = f"The stack is {written.state}."
    elif not problem and not all(shard.owner for shard in shards):
        problem = "No worker holds some of the shards: their events wait."
    healthy = not problem and not any(part.problem for part in parts)
    return Status(True, healthy, problem, tuple(parts), tuple(shards))


def render(status: Status) -> RenderableType:
    """Two tables and what is wrong."""
    if not status.running:
        return status.problem
    parts = Table("part", _number("pid"), _number("port"), "health", _number("restarts"), _number("memory"), box=None)
    for part in status.parts:
        health = f"[red]{escape(part.problem)}" if part.problem else "[green]ok"
        memory = f"{part.memory_bytes / 2**20:.0f} MiB"
        parts.add_row(part.name, str(part.pid or "-"), str(part.port or "-"), health, str(part.restarts), memory)
    shards = Table("shard", "owner", _number("lag s"), _number("waiting"), box=None)
    for shard in status.shards:
        shards.add_row(f"s{shard.shard:02d}", shard.owner or "-", f"{shard.lag_seconds:.1f}", f"{shard.waiting:,}")
    return Group(parts, "", shards, *([f"[red]{escape(status.problem)}"] if status.problem else []))


def _number(title: str) -> Column:
    return Column(title, justify="right")


async def _part(part: PartRecord, probes: Mapping[str, Probe]) -> PartStatus:
    if part.pid is None:
        return PartStatus(part.name, None, part.port, "died, is about to be started again", part.restarts, 0)
    probe = probes.get(part.name)
    problem = await probe(part.pid) if probe else ""
    return PartStatus(part.name, part.pid, part.port, problem, part.restarts, process.memory(part.pid))


async def _shards(redis_url: str) -> tuple[list[ShardStatus], str]:
    redis = stream.connect(redis_url, timeout=2.0)
    try:
        progress = await read_progress(redis, await stream.read_install(redis))
    except (RedisError, OSError, stream.InstallMismatch) as error:
        return [], f"The shards cannot be read: {error}"
    finally:
        await redis.aclose()
    return [ShardStatus(each.shard, each.owner, each.lag_seconds, each.waiting) for each in progress], ""
