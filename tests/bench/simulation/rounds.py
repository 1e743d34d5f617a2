"""Rounds of a scenario, each between two calibrations; a round that other work disturbed is played again."""

import statistics
from dataclasses import dataclass, fields

from tests.bench.simulation.model import UnitCosts
from tests.bench.simulation.play import Played, calibrate, play
from tests.bench.simulation.scenario import MAKING, Scenario
from tests.faults.stage import Stage

#: a round was disturbed when what a batch costs before and after it differs by more than this share ...
_NOISE = 0.3
#: ... or when a look at the lag, ten times a second, came later than this
_LATE_SECONDS = 0.5
#: rounds played for each that is wanted, at most
_TRIES = 2


@dataclass(frozen=True, slots=True)
class Round:
    """What was seen, and what a batch cost at that time: the mean of the calibrations before and after."""

    played: Played
    costs: UnitCosts
    #: why it counts only where there is no better one; empty on a quiet machine
    disturbed: str = ""


async def rounds(stage: Stage, scenario: Scenario, wanted: int) -> list[Round]:
    """So many rounds, undisturbed ones first. Disturbed ones are among them only when twice as many were played."""
    found: list[Round] = []
    before = await calibrate(stage, scenario)
    while sum(not one.disturbed for one in found) < wanted and len(found) < wanted * _TRIES:
        played = await play(stage, scenario)
        after = await calibrate(stage, scenario)
        found.append(Round(played, between(before, after), disturbed(before, after, played.widest)))
        before = after
    return sorted(found, key=lambda one: bool(one.disturbed))[:wanted]


def between(before: UnitCosts, after: UnitCosts) -> UnitCosts:
    """The mean of each."""
    names = [one.name for one in fields(UnitCosts)]
    return UnitCosts(**{name: statistics.mean((getattr(before, name), getattr(after, name))) for name in names})


def disturbed(before: UnitCosts, after: UnitCosts, widest: float) -> str:
    """Why other work had a part in a round; empty where it had none. `widest`: seconds between two looks at the lag."""
    if widest > _LATE_SECONDS:
        return f"a look at the lag came {widest:.1f} s late"
    cheap, dear = sorted((_of_a_batch(before), _of_a_batch(after)))
    if cheap < (1 - _NOISE) * dear:
        return f"a batch took {cheap * 1000:.0f} ms at one end and {dear * 1000:.0f} ms at the other"
    return ""


def _of_a_batch(costs: UnitCosts) -> float:
    events = MAKING.batch_events
    prepared = costs.prepare_batch + events * costs.prepare_event
    return prepared + costs.insert_batch + events * costs.insert_event
