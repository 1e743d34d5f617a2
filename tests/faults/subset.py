"""The subset of the experiments that every `make test` runs, once each; `make faults` runs them all, three times.

Here those of ClickHouse, of front doors and of poison share a stage each, one after the other; `make faults` sets
one for every single experiment. They are in two files of tests, which run side by side.
"""

from tests.faults import (
    clickhouse_faults,
    clock_faults,
    controls,
    door_faults,
    poison_faults,
    redis_faults,
    shard_faults,
    topology_faults,
    worker_faults,
)
from tests.faults.experiment import in_turn
from tests.faults.soak import soak

THEMES = {
    "ClickHouse": clickhouse_faults.EXPERIMENTS,
    "front doors": door_faults.EXPERIMENTS,
    "poison": poison_faults.EXPERIMENTS,
}
SHARED = {theme: [one for one in some if one.quick] for theme, some in THEMES.items()}
#: these take shards or Redis from a worker, which must find no batch that was handed out before, or a mechanism away
OF_WORKERS = [one for one in worker_faults.EXPERIMENTS if one.quick]
_OTHERS = (redis_faults, topology_faults, shard_faults, clock_faults, controls)
ALONE = [one for module in _OTHERS for one in module.EXPERIMENTS if one.quick]

FIRST = [*(in_turn(theme, some) for theme, some in SHARED.items()), *OF_WORKERS]
SECOND = [*ALONE, soak(20)]
