"""The second half of the subset."""

from pathlib import Path

import pytest

from tests.faults.experiment import Experiment, run
from tests.faults.servers import Warehouse
from tests.faults.subset import SECOND


@pytest.mark.stack
@pytest.mark.slow
@pytest.mark.faults
@pytest.mark.parametrize("experiment", SECOND, ids=lambda one: one.name)
async def test_an_experiment_gives_what_it_must(experiment: Experiment, tmp_path: Path, warehouse: Warehouse) -> None:
    result = await run(experiment, tmp_path, warehouse, rounds=1, seed=1)
    assert result.verdict == experiment.expected, result.note
