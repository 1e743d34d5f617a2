"""Experiments that raise the number of shards."""

import aiohttp

from tests.faults.experiment import ONCE, Experiment
from tests.faults.play import Play

_COUNT = 5
_POINTS = ("raise.begun", "raise.ready", "raise.fenced")


async def raised(play: Play) -> None:
    """`headrace shards raise` ends by itself after each step and is typed again; keys of before are sent again."""
    recorder, stage = play.recorder, play.stage
    before = (await stage.install()).shard_count
    known = [event for event in recorder.sent.values() if event.key and event.number in recorder.acked]
    for point in _POINTS:
        await play.killed_at(point, "shards", "raise", str(_COUNT), "--yes")
        await recorder.acknowledge(50)  # after the last one because a front door has finished it
    await play.headrace("shards", "raise", str(_COUNT), "--yes")
    made = await stage.install()
    assert (made.shard_count, made.count_before, made.count_next) == (_COUNT, before, 0), str(made)
    async with aiohttp.ClientSession(stage.door_url) as client:
        for first in range(0, len(known), 20):
            assert await recorder.post(client, known[first : first + 20]) == "200"
            assert await recorder.post(client, known[first : first + 1]) == "200"
    await recorder.acknowledge(100)
    filled = [one.shard for one in await stage.progress() if one.counters.get("appended")]
    assert filled == list(range(_COUNT)), f"events went to {filled} alone"
    play.notes.append(f"{before} to {_COUNT} shards, killed {len(_POINTS)} times; {len(known)} keys sent again")


#: nobody is killed who holds a lease
_CALM = {"HEADRACE_LEASE_SECONDS": "6", "HEADRACE_INSERT_TIMEOUT_SECONDS": "20"}

EXPERIMENTS = (Experiment("shards raised under load", raised, ONCE, env=_CALM, quick=True),)
