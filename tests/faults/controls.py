"""Negative controls: a mechanism is taken away, and the oracle must notice. One that passes shows a blind oracle."""

import sys

from tests.faults import worker_faults
from tests.faults.experiment import Experiment
from tests.faults.oracle import Verdict
from tests.faults.play import Play

_NOTICED = "the oracle says MISMATCH"


async def token_off(play: Play) -> None:
    """ClickHouse's deduplication window is off; the worker is killed after its inserts."""
    await play.stage.sql("ALTER TABLE events MODIFY SETTING non_replicated_deduplication_window = 0")
    await worker_faults.killed_at("worker.after_insert").breaks(play)


async def view_without_window(play: Play) -> None:
    """The view's target was made without a deduplication window; the worker is killed after its inserts."""
    await worker_faults.killed_at("worker.after_insert").breaks(play)


async def trimmed_by_length(play: Play) -> None:
    """XTRIM MAXLEN while no worker drains."""
    await play.stage.worker.stop()
    await play.recorder.acknowledge(100)
    redis = play.stage.client
    # exactly: about so many (redis-py's default) spares a node of up to 100 frames, which may be all there are
    trimmed = [
        await redis.xtrim(shard.frames, maxlen=0, approximate=False) for shard in (await play.stage.install()).shards
    ]
    await redis.aclose()
    play.notes.append(f"{sum(trimmed)} entries trimmed")
    await play.stage.replace_worker()


async def acknowledged_before_appended(play: Play) -> None:
    """A front door that answers before it appends, and Redis killed for a moment."""
    stage = play.stage
    await stage.door.stop()
    proper, stage.door.command = stage.door.command, (sys.executable, "-m", "tests.faults.ack_first")
    await stage.door.start()
    await play.recorder.acknowledge(50)
    await stage.redis.kill()
    await play.recorder.acknowledge(50)
    await stage.redis.start()
    await stage.door.stop()
    stage.door.command = proper
    await stage.door.start()


_MUST = Verdict.MISMATCH
EXPERIMENTS = (
    Experiment("token off", token_off, _NOTICED, expected=_MUST, quick=True),
    Experiment(
        "view target without a window", view_without_window, _NOTICED, expected=_MUST, view_window=0, quick=True
    ),
    Experiment("trim by MAXLEN", trimmed_by_length, _NOTICED, expected=_MUST, quick=True),
    Experiment("acknowledge before append", acknowledged_before_appended, _NOTICED, expected=_MUST, quick=True),
)
