"""The first half of the subset, and what must be true of all experiments."""

from pathlib import Path

import pytest

from tests.faults import controls
from tests.faults.experiment import Experiment, in_turn, run
from tests.faults.oracle import Verdict
from tests.faults.servers import Warehouse
from tests.faults.subset import ALONE, FIRST, OF_WORKERS, SHARED
from tests.faults.suite import SUITE


@pytest.mark.stack
@pytest.mark.slow
@pytest.mark.faults
@pytest.mark.parametrize("experiment", FIRST, ids=lambda one: one.name)
async def test_an_experiment_gives_what_it_must(experiment: Experiment, tmp_path: Path, warehouse: Warehouse) -> None:
    result = await run(experiment, tmp_path, warehouse, rounds=1, seed=1)
    assert result.verdict == experiment.expected, result.note


def test_every_quick_experiment_is_run_here() -> None:
    soaks = {one.name for one in SUITE if one.name.startswith("soak")}
    quick = {one.name for one in SUITE if one.quick} - soaks
    assert quick == {one.name for some in (*SHARED.values(), OF_WORKERS, ALONE) for one in some}


def test_what_needs_a_stage_of_its_own_shares_none() -> None:
    alone = [one for one in SUITE if not one.ordinary]
    assert {one.name for one in alone} >= {one.name for one in controls.EXPERIMENTS}
    for one in alone:
        with pytest.raises(ValueError, match="not on an ordinary stage"):
            in_turn("shared", [one])


def test_every_experiment_has_a_name_of_its_own_and_says_what_it_breaks_and_what_must_hold() -> None:
    assert len({one.name for one in SUITE}) == len(SUITE)
    assert [one.name for one in SUITE if not one.invariant or not one.how] == []


def test_the_subset_holds_a_negative_control_for_every_mechanism() -> None:
    controls = [one for one in SUITE if one.expected is Verdict.MISMATCH]
    assert len(controls) >= 4
    assert [one.name for one in controls if not one.quick] == []
