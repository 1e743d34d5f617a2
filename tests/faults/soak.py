"""The soak: faults of every kind in an order that a seed decides, for as long as it is told."""

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable

from tests.faults import clickhouse_proxy as proxy
from tests.faults import poison
from tests.faults.experiment import ONCE, Experiment
from tests.faults.play import Play
from tests.faults.tcp_proxy import Cable

#: nothing is lost to a view or to a merge that runs meanwhile
_CALM_SECONDS = 2.0
_LOST_ANSWER = 0.3


async def kill_worker(play: Play) -> None:
    await play.stage.worker.kill()
    await play.stage.replace_worker()


async def kill_door(play: Play) -> None:
    await play.stage.door.kill()
    await play.stage.door.start()


async def kill_redis(play: Play) -> None:
    await play.stage.redis.kill()
    await play.stage.redis.start()


async def kill_clickhouse(play: Play) -> None:
    await play.stage.warehouse.actor.kill()
    await asyncio.sleep(play.dice.random() * _CALM_SECONDS)
    await play.stage.warehouse.actor.start()


async def pause_worker(play: Play) -> None:
    play.stage.worker.signal(signal.SIGSTOP)
    await asyncio.sleep(play.dice.random() * 2 * _CALM_SECONDS)
    play.stage.worker.signal(signal.SIGCONT)


async def cut_answers(play: Play) -> None:
    play.stage.link.cable = Cable.NO_REPLY
    await asyncio.sleep(play.dice.random() * _LOST_ANSWER)
    play.stage.link.cable = Cable.WHOLE
    play.stage.link.reset()


async def lose_clickhouse_answers(play: Play) -> None:
    play.stage.clickhouse.spoil = proxy.commits_and_hangs_up
    await asyncio.sleep(play.dice.random() * _CALM_SECONDS)
    play.stage.clickhouse.spoil = None


async def refuse_inserts(play: Play) -> None:
    play.stage.clickhouse.spoil = proxy.refuses(252, "TOO_MANY_PARTS")
    await asyncio.sleep(play.dice.random() * _CALM_SECONDS)
    play.stage.clickhouse.spoil = None


async def poison_stream(play: Play) -> None:
    await poison.no_events(play, 2)
    await poison.no_frame(play)


FAULTS: tuple[Callable[[Play], Awaitable[None]], ...] = (
    *(kill_worker, kill_door, kill_redis, kill_clickhouse, pause_worker),
    *(cut_answers, lose_clickhouse_answers, refuse_inserts, poison_stream),
)


async def _supervise(play: Play, fault: str) -> None:
    """Start what has ended by itself, as whoever runs the services does, and note what ended it."""
    for actor in (play.stage.worker, play.stage.door, play.stage.redis):
        if not actor.lives:
            play.notes.append(f"{actor.name} ended after {fault}: {actor.tail(1)}")
            await actor.start()


def soak(seconds: int, *, quick: bool = False) -> Experiment:
    """Mixed faults for this long."""

    async def breaks(play: Play) -> None:
        """Kills, pauses, cuts, refusals and poison, one after the other in the order of the seed."""
        deadline, happened = time.monotonic() + seconds, Counter[str]()
        while time.monotonic() < deadline:
            fault = play.dice.choice(FAULTS)
            await fault(play)
            happened[fault.__name__] += 1
            await play.recorder.acknowledge(play.dice.randint(1, 100))
            await _supervise(play, fault.__name__)
            await asyncio.sleep(play.dice.random() * _CALM_SECONDS)
        play.notes.append(", ".join(f"{name} {count}" for name, count in sorted(happened.items())))

    return Experiment(f"soak of {seconds} s", breaks, ONCE, quick=quick)
