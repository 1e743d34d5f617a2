"""Experiments in which ClickHouse is away, silent, refusing, or says what is not so."""

import asyncio
import json

import psutil  # type: ignore[import-untyped]  # it ships no types

from tests.faults import clickhouse_proxy as proxy
from tests.faults.clickhouse_proxy import Spoil
from tests.faults.experiment import ONCE, Experiment
from tests.faults.play import Play
from tests.waiting import until

_AWAY_SECONDS, _LONG_SECONDS = 6, 600
#: with batches of 20 events and four shards, some 50 events a second are stored
_SLOW_SECONDS, _GROWN_MB = 1.5, 50


def away(seconds: float) -> Experiment:
    """An outage of this length. A long one leaves so much behind that it takes merges and whole batches to drain."""
    long = seconds >= _LONG_SECONDS

    async def breaks(play: Play) -> None:
        """SIGKILL for ClickHouse; producers go on; later it is started again."""
        warehouse = play.stage.warehouse.actor
        await warehouse.kill()
        try:
            await asyncio.sleep(seconds)
            await play.recorder.acknowledge(50)
        finally:
            await warehouse.start()
        if not long:
            await play.stage.stop_merges()
        play.notes.append(f"away for {seconds} s")

    env = {"HEADRACE_BATCH_EVENTS": "10000"} if long else {}
    return Experiment(f"ClickHouse killed, away for {seconds} s", breaks, ONCE, env=env, quick=not long)


async def killed_again_and_again(play: Play) -> None:
    """SIGKILL for ClickHouse at a random moment under load, then started again."""
    warehouse = play.stage.warehouse.actor
    for _ in range(play.rounds):
        await play.committed(play.dice.randint(1, 10))
        await warehouse.kill()
        await warehouse.start()
        await play.stage.stop_merges()
    play.notes.append(f"{play.rounds} kills")


async def loses_a_part(play: Play) -> None:
    """Inserts are answered with success and are not there, as after a power cut; `headrace replay` looks and mends."""
    clickhouse = play.stage.clickhouse
    clickhouse.spoil = proxy.loses

    async def lost_for_good() -> bool:
        # A worker that brings a batch again looks whether it is there, and mends by itself: such losses are none.
        return clickhouse.spoilt >= 2 * play.rounds and await _lacking(play) > 0

    await until(lost_for_good, within=60)
    clickhouse.spoil = None
    await play.committed(2)
    lacking = await _lacking(play)
    said = json.loads(await play.headrace("replay", "--json"))
    assert said["restored"] >= lacking > 0, f"{lacking} events were lost, and the replay says {said}"
    play.notes.append(f"{clickhouse.spoilt} inserts lost, {said['restored']} events restored")


async def _lacking(play: Play) -> int:
    """Events that count as stored and have no row. Counted in this order, rows are never too few but by a loss."""
    stored = sum(shard.counters.get("stored", 0) for shard in await play.stage.progress())
    ((rows,),) = await play.stage.sql("SELECT uniqExact(event_id) FROM events")
    return stored - int(rows)


async def slow(play: Play) -> None:
    """Inserts take so long that a tenth of what comes is stored; producers are shed until that is over."""
    stage = play.stage
    stage.clickhouse.spoil = proxy.slow(_SLOW_SECONDS)
    await play.told_to_wait()
    before = _memory(play)
    await play.told_to_wait(times=100)
    grown = (_memory(play) - before) // 2**20
    assert grown < _GROWN_MB, f"front door and worker grew by {grown} MB while producers were shed"
    stage.clickhouse.spoil = None
    play.notes.append(f"{stage.clickhouse.spoilt} slow inserts; front door and worker grew by {grown} MB")


def _memory(play: Play) -> int:
    return sum(psutil.Process(actor.pid).memory_info().rss for actor in (play.stage.door, play.stage.worker))


def spoilt(name: str, spoil: Spoil, *, quick: bool = False) -> Experiment:
    """A server or a network that does this to inserts."""

    async def breaks(play: Play) -> None:
        """Inserts meet this instead of ClickHouse, several times, then ClickHouse again."""
        clickhouse = play.stage.clickhouse
        clickhouse.spoil = spoil

        async def often_enough() -> bool:
            return clickhouse.spoilt >= 2 * play.rounds

        await until(often_enough, within=60)
        clickhouse.spoil = None
        play.notes.append(f"{clickhouse.spoilt} inserts")

    return Experiment(f"ClickHouse {name}", breaks, ONCE, quick=quick)


EXPERIMENTS = (
    away(_AWAY_SECONDS),
    Experiment("ClickHouse killed again and again", killed_again_and_again, ONCE),
    Experiment(
        "ClickHouse ten times too slow",
        slow,
        f"{ONCE}; producers hear 503, memory stays bounded, and it ends without a restart",
        env={"HEADRACE_BATCH_EVENTS": "20", "HEADRACE_SHED_LAG_SECONDS": "3"},
    ),
    spoilt("hangs", proxy.hangs),
    spoilt("commits after the time-out", proxy.commits_and_hangs, quick=True),
    spoilt("commits and hangs up", proxy.commits_and_hangs_up, quick=True),
    spoilt("answers 200 with an exception, cut off", proxy.fails_after_its_headers),
    spoilt("answers 200 with an exception, whole", proxy.fails_in_a_whole_answer, quick=True),
    spoilt("refuses: 252, too many parts", proxy.refuses(252, "TOO_MANY_PARTS")),
    spoilt("refuses: 241, memory limit", proxy.refuses(241, "MEMORY_LIMIT_EXCEEDED"), quick=True),
    spoilt("refuses: 242, table is read-only", proxy.refuses(242, "TABLE_IS_READ_ONLY")),
    spoilt("refuses: 60, unknown table", proxy.refuses(60, "UNKNOWN_TABLE")),
    spoilt("refuses: 516, wrong password", proxy.refuses(516, "AUTHENTICATION_FAILED")),
    Experiment("ClickHouse loses what it acknowledged", loses_a_part, f"replay restores it; {ONCE}", quick=True),
    away(_LONG_SECONDS),
)
