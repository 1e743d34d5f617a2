"""The stack as the documents' readers find it: https in front, a site that is open to all, keys of both kinds."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.local.running import RunningStack
from ingest_api import moment
from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Projects
from ingest_api.stream import connect
from tests.verbatim.producer import Producer
from tests.verbatim.secure import Secure, secured


@dataclass(frozen=True)
class Place:
    """What all producers share."""

    secure: Secure
    env: dict[str, str]
    write_key: str
    query_key: str


@pytest.fixture(scope="package")
async def place(stack: RunningStack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    """The origin behind TLS. The demo project, which owns the documents' sites, is open to all."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    redis = connect(stack.env["HEADRACE_REDIS_URL"])
    projects = Projects(redis)
    _, write_key = await projects.create_key("demo", Kind.WRITE, label="verbatim")
    _, query_key = await projects.create_key("demo", Kind.QUERY, label="verbatim")
    async with secured(stack.env["HEADRACE_URL"], tmp_path_factory.mktemp("tls")) as secure:
        yield Place(secure, stack.env, write_key, query_key)
    await redis.aclose()


@pytest.fixture
def producer(place: Place, tmp_path: Path) -> Producer:
    """A producer who has sent nothing yet."""
    return Producer(
        place.secure,
        place.env,
        place.write_key,
        place.query_key,
        tmp_path,
        begin=moment.now_ms(),
        answers=len(place.secure.answered),
    )
