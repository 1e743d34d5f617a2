"""`headrace bench` on a running installation."""

import pytest

from deploy.local.running import RunningStack
from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Projects
from ingest_api.stream import connect
from tests.clients.cli.conftest import Headrace

pytestmark = pytest.mark.stack
SHORT = ("--rate", "100", "--batch", "10", "--seconds", "1", "--most-events", "260")
#: what a busy machine holds too
PATIENT = ("--latency", "60000", "--lag", "60")


async def admin(stack: RunningStack) -> dict[str, str]:
    """What the command must know."""
    await stack.until_healthy()
    redis = connect(stack.env["HEADRACE_REDIS_URL"])
    _, key = await Projects(redis).create_key("", Kind.ADMIN)
    await redis.aclose()
    names = ("HEADRACE_INGEST_URL", "HEADRACE_QUERY_URL", "HEADRACE_REDIS_URL")
    return {"HEADRACE_ADMIN_KEY": key, **{name: stack.env[name] for name in names}}


async def test_it_tells_each_step_and_leaves_its_events_in_a_project_of_its_own(
    stack: RunningStack, headrace: Headrace
) -> None:
    headrace.env = await admin(stack)
    ended = await headrace("bench", *SHORT, *PATIENT, "--json")
    assert ended.code == 0, ended.err
    document = ended.document
    assert [step["offered"] for step in document["steps"]] == [100, 150]
    assert (document["knee"], document["limit"], document["problem"]) == (150, None, "")
    assert "150 events/s: " in ended.err
    keys = (await headrace("key", "list", document["project"], "--json")).document["keys"]
    assert [bool(key["revoked_at"]) for key in keys] == [True]


async def test_what_gives_way_is_named_with_what_to_do(stack: RunningStack, headrace: Headrace) -> None:
    headrace.env = await admin(stack)
    ended = await headrace("bench", *SHORT, "--lag", "60", "--latency", "0.001")
    assert ended.code == 0, ended.err
    assert "The first step did not hold" in ended.out
    assert "The limit is front door: " in ended.out
    assert "The events are in project bench-" in ended.out


async def test_without_an_admin_key_it_says_so(headrace: Headrace) -> None:
    ended = await headrace("bench", HEADRACE_URL="http://127.0.0.1:1")
    assert (ended.code, ended.out) == (2, "")
    assert "headrace key create --kind admin" in ended.err
