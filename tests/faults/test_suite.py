"""The subset of the experiments that every `make test` runs, once each; `make faults` runs them all, three times."""

from pathlib import Path

import pytest

from tests.faults.experiment import Experiment, run
from tests.faults.oracle import Verdict
from tests.faults.servers import Warehouse
from tests.faults.suite import SUITE

QUICK = [one for one in SUITE if one.quick]


@pytest.mark.stack
@pytest.mark.slow
@pytest.mark.faults
@pytest.mark.parametrize("experiment", QUICK, ids=lambda one: one.name)
async def test_an_experiment_gives_what_it_must(experiment: Experiment, tmp_path: Path, warehouse: Warehouse) -> None:
    result = await run(experiment, tmp_path, warehouse, rounds=1, seed=1)
    assert result.verdict == experiment.expected, result.note


def test_every_experiment_has_a_name_of_its_own_and_says_what_it_breaks_and_what_must_hold() -> None:
    assert len({one.name for one in SUITE}) == len(SUITE)
    assert [one.name for one in SUITE if not one.invariant or not one.how] == []


def test_the_subset_holds_a_negative_control_for_every_mechanism() -> None:
    controls = [one for one in SUITE if one.expected is Verdict.MISMATCH]
    assert len(controls) >= 4
    assert [one.name for one in controls if not one.quick] == []
