"""`headrace project export` and `import`, on a real Valkey."""

import stat
from typing import Any

import orjson
import pytest

from ingest_api.access import Directory
from ingest_api.stream import Redis
from tests.clients.cli.conftest import Headrace

pytestmark = pytest.mark.stack


@pytest.fixture
async def token(operator: Headrace, redis: Redis) -> str:
    """An installation with a project `shop` and a write key."""
    assert await redis.ping()
    await operator("project", "create", "shop", "--site", "web")
    return (await operator("key", "create", "shop", "--kind", "write")).out.strip()


async def test_a_copy_is_taken_and_put_back(operator: Headrace, redis: Redis, token: str) -> None:
    exported = await operator("project", "export", "copy.json")
    assert (exported.code, exported.out) == (0, "1 projects and 1 keys are in copy.json.\n")
    await redis.flushall()
    tried = await operator("project", "import", "copy.json", "--dry-run")
    assert tried.out.startswith("Project shop would be made.\nKey ")
    assert await redis.dbsize() == 0
    imported = await operator("project", "import", "copy.json")
    assert (imported.code, imported.out) == (0, tried.out.replace("would be", "is"))
    assert await Directory(redis).find(token) is not None
    again = await operator("project", "import", "copy.json")
    assert (again.code, again.out) == (0, "Everything is here already: nothing to change.\n")


async def test_the_file_is_for_its_owner_alone_and_holds_no_token(operator: Headrace, token: str) -> None:
    operator.write("copy.json", b"an older one that everybody may read")
    ended = await operator("project", "export", "copy.json", "--json")
    path = operator.folder / "copy.json"
    assert ended.document == {"file": "copy.json", "projects": 1, "keys": 1}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert token.rsplit("_", 1)[1] not in path.read_text() + ended.out + ended.err
    assert [one.name for one in operator.folder.iterdir()] == ["copy.json"]


async def test_a_dash_stands_for_the_standard_streams(operator: Headrace, redis: Redis, token: str) -> None:
    exported = await operator("project", "export", "-")
    assert orjson.loads(exported.out)["version"] == 1
    await redis.flushall()
    imported = await operator("project", "import", "-", "--json", stdin=exported.out.encode())
    changes: list[Any] = imported.document["changes"]
    assert [(change["does"], change["what"]) for change in changes] == [("make", "project"), ("make", "key")]
    assert await Directory(redis).find(token) is not None


async def test_a_key_that_was_revoked_since_stays_revoked(operator: Headrace, redis: Redis, token: str) -> None:
    await operator("project", "export", "copy.json")
    await operator("key", "revoke", token.split("_")[2])
    imported = await operator("project", "import", "copy.json")
    assert imported.code == 0
    assert await Directory(redis).find(token) is None


async def test_conflicts_are_named_and_end_with_one(operator: Headrace, token: str) -> None:
    await operator("project", "export", "copy.json")
    await operator("project", "set", "shop", "--past-days", "3")
    ended = await operator("project", "import", "copy.json")
    assert (ended.code, ended.out) == (1, "")
    assert "project shop has other past_days" in ended.err
    assert token not in ended.err


async def test_a_file_that_cannot_be_used_is_wrong_usage(operator: Headrace) -> None:
    operator.write("other.json", b'{"version": 9}')
    for arguments in (("import", "other.json"), ("import", "missing.json"), ("export", "no/such/folder.json")):
        ended = await operator("project", *arguments)
        assert (ended.code, ended.out) == (2, ""), arguments
