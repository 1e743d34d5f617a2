"""Experiments that kill, fill, tear and misconfigure Redis."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import psutil  # type: ignore[import-untyped]  # it ships no types

from tests.faults.actor import NotReady
from tests.faults.experiment import ONCE, Experiment
from tests.faults.play import Play
from tests.faults.tcp_proxy import Cable
from tests.waiting import until

_EVERYSEC, _OS = "appendfsync everysec\n", {"HEADRACE_DURABILITY": "os"}


async def killed(play: Play) -> None:
    """SIGKILL under load, then started again."""
    await play.struck(play.stage.redis, play.stage.redis.kill, "kills")


async def restarted(play: Play) -> None:
    """SIGTERM under load, then started again."""
    await play.struck(play.stage.redis, play.stage.redis.stop, "restarts")


async def killed_while_it_rewrites(play: Play) -> None:
    """BGREWRITEAOF, then SIGKILL."""
    for _ in range(play.rounds):
        await play.recorder.acknowledge(100)
        await _command(play, "BGREWRITEAOF")
        await play.stage.redis.kill()
        await play.stage.redis.start()
    play.notes.append(f"{play.rounds} kills")


async def disk_full(play: Play) -> None:
    """No file of Redis may grow any further (RLIMIT_FSIZE), as on a full disk, then a start with room again."""
    stage = play.stage
    process = psutil.Process(stage.redis.pid)
    had = process.rlimit(psutil.RLIMIT_FSIZE)
    largest = max(file.stat().st_size for file in _aof(stage.folder))
    process.rlimit(psutil.RLIMIT_FSIZE, (largest + 20_000, had[1]))
    await play.told_to_wait()
    ended = not stage.redis.lives
    play.notes.append("Redis ended by itself" if ended else "Redis refused writes")
    if not ended:
        process.rlimit(psutil.RLIMIT_FSIZE, had)
    else:
        await stage.redis.start()


async def memory_full(play: Play) -> None:
    """maxmemory is reached while no worker drains; a new worker drains at the limit; then there is room again."""
    stage = play.stage
    used = (await _command(play, "INFO", "memory"))["used_memory"]
    await stage.worker.kill()
    await _command(play, "CONFIG", "SET", "maxmemory", used + 300_000)
    await play.told_to_wait()
    await stage.worker.launch()
    await play.committed(2)
    await _command(play, "CONFIG", "SET", "maxmemory", used + 200_000_000)


async def wrong_policy(play: Play) -> None:
    """maxmemory-policy is changed to one that evicts: the front door takes no events until it is as it must be."""
    await _command(play, "CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    await play.told_to_wait()
    await _command(play, "CONFIG", "SET", "maxmemory-policy", "noeviction")


async def no_longer_synced(play: Play) -> None:
    """appendfsync is changed to everysec on a server that promises the disk: no events until it is mended."""
    await _command(play, "CONFIG", "SET", "appendfsync", "everysec")
    await play.told_to_wait()
    await _command(play, "CONFIG", "SET", "appendfsync", "always")


async def torn(play: Play) -> None:
    """SIGKILL, and the append-only file ends in half a command, as when the power goes during a write."""
    stage = play.stage
    for _ in range(play.rounds):
        await play.recorder.acknowledge(50)
        await stage.redis.kill()
        with _aof(stage.folder)[-1].open("ab") as file:
            file.write(b"*4\r\n$4\r\nXADD\r\n$12\r\n{s00}:frames\r\n$1\r\n*\r\n$100\r\nhalf")
        await stage.redis.start()
    play.notes.append(f"torn {play.rounds} times")


async def corrupt(play: Play) -> None:
    """SIGKILL, and bytes in the middle of the append-only file are others: Redis does not start until it is mended."""
    stage = play.stage
    await play.recorder.acknowledge(100)
    await stage.redis.kill()
    file = _aof(stage.folder)[-1]
    whole = file.read_bytes()
    middle = whole.index(b"\r\n*", len(whole) // 2) + 2  # a command begins; inside of a value Redis would not notice
    file.write_bytes(whole[:middle] + bytes(byte ^ 0xFF for byte in whole[middle : middle + 64]) + whole[middle + 64 :])
    try:
        await stage.redis.start()
    except NotReady:
        play.notes.append("Redis refused to start")
    else:
        raise AssertionError("Redis started with a corrupt file")
    await play.told_to_wait()
    file.write_bytes(whole)
    await stage.redis.start()


async def answers_cut(play: Play) -> None:
    """Commands arrive, their answers do not: every connection that answers is cut, for a third of a second."""
    link = play.stage.link
    for _ in range(play.rounds * 3):
        await play.recorder.acknowledge(30)
        link.cable = Cable.NO_REPLY
        await asyncio.sleep(0.1)
        await until(_has_cut(play, link.cut))
        link.cable = Cable.WHOLE
        link.reset()
    play.notes.append(f"{link.cut} answers cut")


async def network_cut(play: Play) -> None:
    """The services cannot reach Redis and nobody tells them; longer than a lease."""
    link = play.stage.link
    link.cable = Cable.HOLE
    await play.told_to_wait()
    await asyncio.sleep(0)
    link.cable = Cable.WHOLE
    link.reset()


def _has_cut(play: Play, before: int) -> Callable[[], Awaitable[bool]]:
    async def cut() -> bool:
        return play.stage.link.cut > before

    return cut


async def _command(play: Play, *words: str | int) -> Any:
    client = play.stage.client
    try:
        return await cast("Any", client).execute_command(*words)
    finally:
        await client.aclose()


def _aof(folder: Path) -> list[Path]:
    """The files that Redis appends to, the newest last."""
    return sorted((folder / "redis" / "redis").glob("**/*.incr.aof"), key=lambda file: int(file.name.split(".")[-3]))


EXPERIMENTS = (
    Experiment("Redis killed, appendfsync always", killed, ONCE, quick=True),
    Experiment("Redis killed, appendfsync everysec", killed, ONCE, redis_conf=_EVERYSEC, env=_OS),
    Experiment("Redis restarted", restarted, ONCE),
    Experiment("Redis killed while it rewrites its file", killed_while_it_rewrites, ONCE),
    Experiment("Redis's disk full", disk_full, ONCE, quick=True),
    Experiment("Redis's memory full", memory_full, ONCE, quick=True),
    Experiment("eviction turned on", wrong_policy, f"503 until it is off; {ONCE}", quick=True),
    Experiment("appendfsync turned down", no_longer_synced, f"503 until it is back; {ONCE}"),
    Experiment("append-only file torn", torn, ONCE),
    Experiment("append-only file corrupt", corrupt, f"Redis does not start, producers hear 503; mended: {ONCE}"),
    Experiment("answers of Redis cut", answers_cut, ONCE, quick=True),
    Experiment("network to Redis cut", network_cut, ONCE),
)
