"""Experiments that kill, starve and flood the front door."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from dataclasses import replace as but

import aiohttp
import psutil  # type: ignore[import-untyped]  # it ships no types

from ingest_api import fault
from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Projects
from tests.faults.experiment import ONCE, Experiment
from tests.faults.play import Play
from tests.faults.recorder import NAME

_FLOOD = 4000
_LARGE = 4800


def killed_at(point: str) -> Experiment:
    """The front door passes this point a few times and no further."""

    async def breaks(play: Play) -> None:
        """The front door ends by itself at this point; another one starts. Producers send again what had no answer."""
        door = play.stage.door
        for nth in range(1, play.rounds + 1):
            await door.kill()
            await door.launch(f"{point}:{10 * nth}")
            code = await door.ended()
            assert code == fault.KILLED, f"{point} was not reached: the front door ended with {code}"
        await door.start()
        play.notes.append(f"reached {play.rounds} times")

    return Experiment(f"front door killed at {point.removeprefix('door.')}", breaks, ONCE, quick=True)


async def killed_at_random(play: Play) -> None:
    """SIGKILL at a random moment, then another one."""
    await play.struck(play.stage.door, play.stage.door.kill, "kills")


async def stopped_in_a_large_batch(play: Play) -> None:
    """SIGTERM while 5 MB of one request are on their way; the producer hears of all of it or of nothing."""
    stage, recorder = play.stage, play.recorder
    events = [recorder.make(padding=900) for _ in range(_LARGE)]
    body = json.dumps([event.body for event in events]).encode()
    under_way = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        for first in range(0, len(body), 1 << 18):
            yield body[first : first + (1 << 18)]
            under_way.set()
            await asyncio.sleep(0.05)

    async def post() -> str:
        async with aiohttp.ClientSession(stage.door_url) as client:
            return await recorder.post(client, events, body=slowly())

    sending = asyncio.ensure_future(post())
    await under_way.wait()
    code = await stage.door.stop()
    play.notes.append(f"exit code {code}, the batch: {await sending}")
    await stage.door.start()


async def replaced(play: Play) -> None:
    """A second front door listens on the same port, then the first gets SIGTERM, over and over."""
    first, second = play.stage.door, play.stage.other_door
    for _ in range(play.rounds):
        await second.start()
        code = await first.stop()
        assert code == 0, f"SIGTERM ended it with {code}"
        await play.recorder.acknowledge(100)
        first, second = second, first
    strange = {name: count for name, count in play.recorder.answers.items() if name not in {"200", "503"}}
    play.notes.append(f"{play.rounds} handovers; answers other than 200 and 503: {strange or 'none'}")


async def out_of_files(play: Play) -> None:
    """The front door may open no further file (RLIMIT_NOFILE); then a hundred connections come; then it may again."""
    process = psutil.Process(play.stage.door.pid)
    had = process.rlimit(psutil.RLIMIT_NOFILE)
    process.rlimit(psutil.RLIMIT_NOFILE, (process.num_fds(), had[1]))
    crowd = [asyncio.open_connection("127.0.0.1", play.stage.door_port) for _ in range(100)]
    opened = [one for one in await asyncio.gather(*crowd, return_exceptions=True) if not isinstance(one, BaseException)]
    await asyncio.sleep(0.2)
    process.rlimit(psutil.RLIMIT_NOFILE, had)
    for _, writer in opened:
        writer.close()
    assert play.stage.door.lives, "the front door ended"


async def out_of_memory(play: Play) -> None:
    """The front door may have little more memory than it has (RLIMIT_AS) when large batches come; then it may again."""
    door, recorder = play.stage.door, play.recorder
    process = psutil.Process(door.pid)
    had = process.rlimit(psutil.RLIMIT_AS)
    process.rlimit(psutil.RLIMIT_AS, (process.memory_info().vms + (4 << 20), had[1]))
    async with aiohttp.ClientSession(play.stage.door_url) as client:
        posts = []
        for _ in range(4):
            events = [recorder.make(padding=900) for _ in range(_LARGE)]
            posts.append(recorder.post(client, events))
        said = await asyncio.gather(*posts)
    if door.lives:
        process.rlimit(psutil.RLIMIT_AS, had)
    play.notes.append(f"batches: {', '.join(said)}; the front door {'went on' if door.lives else 'ended'}")
    if not door.lives:
        await door.start()


async def flooded_with_one_key(play: Play) -> None:
    """Eight connections send one event, thousands of times."""
    stage, recorder = play.stage, play.recorder
    redis = stage.client
    event, before = recorder.make(), (await redis.info("memory"))["used_memory"]
    async with aiohttp.ClientSession(stage.door_url) as client:
        numbers = itertools.count()

        async def flood() -> None:
            while next(numbers) < _FLOOD:
                await recorder.post(client, [event])

        await asyncio.gather(*(flood() for _ in range(8)))
    grown = (await redis.info("memory"))["used_memory"] - before
    await redis.aclose()
    assert grown < 4 << 20, f"Redis grew by {grown} bytes"
    play.notes.append(f"{_FLOOD} times; Redis grew by {max(grown, 0) >> 10} KB")


async def same_key_other_tenant(play: Play) -> None:
    """Two projects send the same keys."""
    redis = play.stage.client
    projects = Projects(redis)
    await projects.create("other")
    _, token = await projects.create_key("other", Kind.WRITE)
    await redis.aclose()
    recorder = play.recorder
    mine = [recorder.make() for _ in range(50)]
    theirs = [recorder.make(key=event.key) for event in mine]
    async with aiohttp.ClientSession(play.stage.door_url) as client:
        assert await recorder.post(client, mine) == "200"
        assert await recorder.post(client, theirs, token=token) == "200"
    shared = {recorder.acked[event.number] for event in mine} & {recorder.acked[event.number] for event in theirs}
    assert not shared, f"{len(shared)} ids of one project were told to the other"


async def same_key_other_payload(play: Play) -> None:
    """A producer sends its keys again with other payloads: the first ones stay, and it is told."""
    recorder = play.recorder
    events = [recorder.make() for _ in range(50)]
    others = [but(event, padding=3) for event in events]
    headers = {"Authorization": f"Bearer {recorder.token}"}
    async with aiohttp.ClientSession(play.stage.door_url, headers=headers) as client:
        assert await recorder.post(client, events) == "200"
        async with client.post("/v1/events", json=[event.body for event in others]) as answer:
            results = (await answer.json())["results"]
    told = [result["event_id"] for result in results if result.get("deduplicated") and result.get("payload_mismatch")]
    assert told == [recorder.acked[event.number] for event in events], f"told otherwise: {results[:3]}"
    rows = await play.stage.sql(
        "SELECT count() FROM events WHERE name = {name:String} AND length(toString(properties.padding)) > 0", name=NAME
    )
    assert rows == [(0,)], "a second payload was stored"


EXPERIMENTS = (
    killed_at("door.before_append"),
    killed_at("door.after_append"),
    Experiment("front door killed at random", killed_at_random, ONCE),
    Experiment(
        "front door stopped in a batch of 5 MB", stopped_in_a_large_batch, f"all or nothing; {ONCE}", quick=True
    ),
    Experiment("front doors replaced one by one", replaced, ONCE),
    Experiment("front door out of files", out_of_files, f"recovers; {ONCE}", quick=True),
    Experiment("front door out of memory", out_of_memory, f"recovers; {ONCE}", checks="ABCDEF"),
    Experiment("flood of one key", flooded_with_one_key, f"one row, memory flat; {ONCE}", quick=True),
    Experiment("same key, other tenant", same_key_other_tenant, f"two events; {ONCE}"),
    Experiment("same key, other payload", same_key_other_payload, f"the first payload, told so; {ONCE}"),
)
