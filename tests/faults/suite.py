"""Every experiment, in the order of the table in docs/reliability.md."""

from tests.faults import (
    clickhouse_faults,
    clock_faults,
    controls,
    door_faults,
    failover_faults,
    poison_faults,
    redis_faults,
    shard_faults,
    topology_faults,
    worker_faults,
)
from tests.faults.experiment import Experiment
from tests.faults.soak import soak

SUITE: tuple[Experiment, ...] = (
    *worker_faults.EXPERIMENTS,
    *door_faults.EXPERIMENTS,
    *redis_faults.EXPERIMENTS,
    *failover_faults.EXPERIMENTS,
    *topology_faults.EXPERIMENTS,
    *shard_faults.EXPERIMENTS,
    *clickhouse_faults.EXPERIMENTS,
    *poison_faults.EXPERIMENTS,
    *clock_faults.EXPERIMENTS,
    soak(60, quick=True),
    *controls.EXPERIMENTS,
)
