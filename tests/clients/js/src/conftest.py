"""What the clients' tests share: the browser, and a shop of their own."""

from collections.abc import AsyncIterator

import pytest

from deploy.local.running import RunningStack
from ingest_api.tracker import BUILT
from tests.chromium import browser
from tests.clients.js.src.shop import Shop, opened

__all__ = ["browser"]


@pytest.fixture
async def shop(stack: RunningStack) -> AsyncIterator[Shop]:
    """A project with nothing in it, and a site without pages."""
    if not BUILT.exists():
        pytest.skip("the tracker is not built: `make assets` builds it, with Node")
    async with opened(stack.env) as one:
        yield one
