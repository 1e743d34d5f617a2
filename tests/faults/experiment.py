"""An experiment: a name, how something is broken, and what must hold. One run of it ends in a result."""

import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from tests.faults.evidence import gather
from tests.faults.oracle import Judgement, Verdict, judge
from tests.faults.play import Play
from tests.faults.recorder import Recorder
from tests.faults.servers import Warehouse
from tests.faults.staging import Making, staged
from tests.topologies import Servers

ONCE = "acknowledged = visible, once each, in rows, FINAL and view; outcomes balance"


@dataclass(frozen=True, slots=True)
class Experiment:
    """One line of the table in docs/reliability.md. `breaks` says in its docstring how."""

    name: str
    breaks: Callable[[Play], Awaitable[None]]
    invariant: str
    #: letters of the oracle's checks
    checks: str = "ABCDEFG"
    #: a negative control must not pass
    expected: Verdict = Verdict.PASS
    #: settings of the services
    env: Mapping[str, str] = field(default_factory=dict)
    #: further lines of Redis's configuration
    redis_conf: str = ""
    #: Redis has a replica
    replica: bool = False
    #: makes servers for the shards in a folder; Redis is the control server then
    shards: Callable[[Path], Servers] | None = None
    #: of the view's target
    view_window: int = 10_000
    #: belongs to the subset that `make test` runs
    quick: bool = False

    @property
    def ordinary(self) -> bool:
        """Whether it needs no stage of its own, and all checks must pass."""
        return self == Experiment(self.name, self.breaks, self.invariant, quick=self.quick)

    @property
    def how(self) -> str:
        """How it is broken, for people."""
        return (self.breaks.__doc__ or "").strip()


def in_turn(name: str, experiments: Sequence[Experiment]) -> Experiment:
    """The faults of several experiments on one stage, judged once: what one of them lost or doubled stays so.

    The notes name each before it begins. Raises `ValueError` where one is not ordinary.
    """

    async def breaks(play: Play) -> None:
        """Each fault in its turn, and events acknowledged after each."""
        for one in experiments:
            play.notes.append(f"[{one.name}]")
            await one.breaks(play)
            await play.stage.one_worker()
            await play.recorder.acknowledge(100)

    if odd := [one.name for one in experiments if not one.ordinary]:
        raise ValueError(f"not on an ordinary stage: {', '.join(odd)}")
    return Experiment(name, breaks, ONCE, quick=True)


class Result(msgspec.Struct, frozen=True):
    """What a run has shown."""

    experiment: str
    how: str
    invariant: str
    expected: str
    verdict: str
    #: what happened, for people
    note: str
    date: str
    runs: int = 1


@dataclass(frozen=True, slots=True)
class Attempt:
    """One run: how often the fault is repeated, what decides the random moments, and what it notes."""

    rounds: int
    seed: int
    notes: list[str] = field(default_factory=list)


async def run(experiment: Experiment, folder: Path, warehouse: Warehouse, *, rounds: int, seed: int) -> Result:
    """Set the stage, break something under load, let everything recover, judge.

    An experiment that could not be carried out shows nothing: it is `UNVERIFIED`.
    """
    attempt = Attempt(rounds, seed)
    notes = attempt.notes
    try:
        judgement, acknowledged = await _play(experiment, folder, warehouse, attempt)
        notes += [f"{acknowledged} acknowledged", *judgement.findings.values()]
        verdict = judgement.verdict
    except Exception as error:  # whatever kept the fault from happening, or the oracle from looking
        verdict = Verdict.UNVERIFIED
        notes += [f"{type(one).__name__}: {one}" for one in _leaves(error)]
    return Result(
        experiment.name,
        experiment.how,
        experiment.invariant,
        experiment.expected,
        verdict,
        "; ".join(notes),
        time.strftime("%Y-%m-%d"),
    )


async def _play(experiment: Experiment, folder: Path, warehouse: Warehouse, attempt: Attempt) -> tuple[Judgement, int]:
    one = experiment
    making = Making(one.env, one.redis_conf, one.view_window, one.replica, one.shards)
    async with staged(folder, warehouse, making) as stage:
        recorder = Recorder(stage.door_url, stage.token, folder / "acknowledgements.ndjson", attempt.seed)
        play = Play(stage, recorder, random.Random(attempt.seed), attempt.rounds, attempt.notes)
        async with recorder.producing():
            await recorder.acknowledge(100)
            await experiment.breaks(play)
            await recorder.acknowledge(100)
        return judge(await gather(stage, recorder), experiment.checks), len(recorder.acked)


def _leaves(error: BaseException) -> list[BaseException]:
    """The errors themselves, without the groups that tasks make of them."""
    if isinstance(error, BaseExceptionGroup):
        return [leaf for one in error.exceptions for leaf in _leaves(one)]
    return [error]
