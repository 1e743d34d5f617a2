"""What is seen of the pipeline and of processors during a step."""

import sys

import pytest

from clients.cli.bench.watch import Watch
from clients.cli.errors import Unreachable
from clients.cli.service import Service
from clients.cli.settings import Settings

pytestmark = pytest.mark.stack


async def test_the_pipeline_and_the_workers_of_this_machine_are_seen(service: Service) -> None:
    watch = Watch(service)
    seen = await watch.look()
    assert seen.workers
    assert seen.redis
    watch.begin()
    sum(range(2_000_000))
    own, worker = watch.busy()
    assert own > 0
    assert (worker is not None) == (sys.platform == "linux")


async def test_a_service_that_is_away_ends_it_with_a_sentence() -> None:
    settings = Settings(_env_file=None, query_url="http://127.0.0.1:1", admin_key="any")
    async with Service(settings) as service:
        with pytest.raises(Unreachable, match="nobody can tell how the pipeline is"):
            await Watch(service).look()
