"""One ClickHouse engine for all experiments."""

from collections.abc import AsyncIterator

import pytest

from tests.faults.servers import Warehouse


@pytest.fixture(scope="session")
async def warehouse(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Warehouse]:
    made = Warehouse(tmp_path_factory.mktemp("warehouse"))
    await made.actor.start()
    yield made
    await made.actor.kill()
