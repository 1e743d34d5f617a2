"""The model keeps what it was given: nothing is lost or invented, and Little's law holds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bench.simulation.model import Pipeline, UnitCosts
from tests.bench.simulation.scenario import BURST, LOSS, MAKING, OUTAGE, Beats, Load, Making, Scenario, Stretch

COSTS = UnitCosts()
#: long enough for the longest pause, a lease and the largest backlog
END = 300.0


def stretches(first: int, last: int, longest: int) -> st.SearchStrategy[Stretch]:
    """That begin and end within these seconds."""
    return st.tuples(st.integers(first, last), st.integers(1, longest)).map(lambda one: Stretch(one[0], sum(one)))


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """Short ones, with bursts and every fault at any time."""
    loads = draw(st.lists(st.builds(Load, stretches(0, 8, 6), st.integers(50, 1500)), min_size=1, max_size=3))
    return Scenario(
        "drawn", END, tuple(loads), draw(st.integers(1, 3)),
        draw(st.none() | stretches(0, 10, 15)), draw(st.none() | stretches(0, 8, 10)),
        draw(st.sampled_from((0.0, 0.1))),
    )  # fmt: skip


makings = st.builds(
    Making, st.integers(1, 6), st.integers(100, 400), st.sampled_from((0.0, 0.25)), st.sampled_from((2.0, 6.0))
)


@settings(max_examples=25, deadline=None)
@given(scenarios(), makings, st.integers(0, 1000))
def test_whatever_breaks_every_event_is_stored_once_and_committed_once(
    scene: Scenario, making: Making, seed: int
) -> None:
    pipeline = Pipeline(scene, making, COSTS, seed)
    for moment in (*range(1, 20), END):
        pipeline.env.run(until=moment)
        assert [shard.waiting for shard in pipeline.shards] == [shard.held for shard in pipeline.shards]
    appended = sum(shard.appended for shard in pipeline.shards)
    assert appended > 0
    assert sum(shard.committed for shard in pipeline.shards) == appended
    assert sum(pipeline.stored.values()) == appended
    assert sum(events for _, events in pipeline.stays) == appended


@settings(max_examples=10, deadline=None)
@given(st.integers(200, 3000), makings, st.integers(0, 1000))
def test_in_a_steady_state_what_waits_is_the_rate_times_the_stay(rate: int, making: Making, seed: int) -> None:
    scene = Scenario("steady", 60.0, (Load(Stretch(0, 60), rate),))
    pipeline = Pipeline(scene, making, COSTS, seed)
    curve = pipeline.run(every=0.01)
    stay = sum(seconds * events for seconds, events in pipeline.stays) / sum(events for _, events in pipeline.stays)
    waiting = sum(count for *_, count in curve) / len(curve)
    assert abs(waiting - rate * stay) < 0.05 * rate * stay + making.request


def test_without_a_fault_the_lag_stays_near_the_linger() -> None:
    curve = Pipeline(Scenario("even", 20.0, (Load(Stretch(0, 20), 1000),)), MAKING, COSTS).run()
    assert 0.1 < max(lag for _, lag, _ in curve) < 1.0


def test_a_burst_makes_a_queue_that_is_drained_again() -> None:
    curve = Pipeline(BURST, MAKING, COSTS).run()
    assert max(waiting for *_, waiting in curve) > 5_000
    assert curve[-1][1] < MAKING.linger_most + BURST.insert_seconds + 0.2, "as late as events are that wait for company"


def test_a_lost_worker_costs_its_lease_and_no_more() -> None:
    curve = Pipeline(LOSS, MAKING, COSTS).run()
    peak = max(lag for _, lag, _ in curve)
    assert MAKING.lease - 1.5 < peak < MAKING.lease + 2.5
    assert curve[-1][1] < 1.0


def test_shards_are_taken_over_when_another_looks_after_the_lease_of_the_lost_has_ended() -> None:
    def peak(stays: float, lost: float) -> float:
        curve = Pipeline(LOSS, MAKING, COSTS, beats=Beats((stays, lost, 20.0), 1.0)).run()
        return max(lag for _, lag, _ in curve)

    soon, late = peak(5.5, 5.1), peak(5.9, 5.95)  # at 11.5 and at 12.9
    assert late - soon == pytest.approx(1.4, abs=0.3)


def test_after_an_outage_the_longest_pause_is_fifteen_seconds() -> None:
    for seed in range(5):
        curve = Pipeline(OUTAGE, MAKING, COSTS, seed).run()
        assert OUTAGE.outage is not None
        late = [now for now, lag, _ in curve if lag > 2.0]
        assert OUTAGE.outage.until <= max(late) < OUTAGE.outage.until + 15.5


def test_without_a_lease_nobody_drains_twice() -> None:
    pipeline = Pipeline(LOSS, MAKING, COSTS)
    shard = pipeline.shards[0]
    assert shard.lease("a", 0.0, 6.0) == 1
    assert shard.lease("b", 5.9, 6.0) == 0
    assert shard.lease("a", 5.9, 6.0) == 1
    assert shard.lease("b", 12.0, 6.0) == 2
