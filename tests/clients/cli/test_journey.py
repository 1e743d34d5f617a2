"""The command against the local stack: an event is sent, becomes visible, is counted, and all parts are well."""

import asyncio
from collections.abc import Mapping
from typing import Protocol

import pytest

from tests.clients.cli.conftest import Headrace

pytestmark = pytest.mark.stack


class Stack(Protocol):
    """The running local stack."""

    @property
    def env(self) -> Mapping[str, str]:
        """The values of its demo.env."""


async def test_an_event_is_sent_seen_and_counted(headrace: Headrace, stack: Stack) -> None:
    headrace.env = dict(stack.env)
    name = "cli_journey"
    tail = await headrace.start("tail", "--event-type", name, "--stop-after", "1", "--json")
    sent = await headrace("send", name, "--data", '{"plan":"pro"}', "--json")
    seen = await headrace.finish(tail)
    assert (sent.code, seen.code, seen.document["event_type"]) == (0, 0, name)
    async with asyncio.timeout(30):
        while (counted := await headrace("stats", "--event-type", name, "--json")).document["value"] < 1:
            assert counted.code == 0
    lines = b'{"event_type":"cli_bulk"}\n' * 2000
    ended = await headrace("send", "--file", "-", "--json", stdin=lines)
    assert (ended.code, ended.document["accepted"]) == (0, 2000)
    ledger = await headrace("ledger", "--json")
    assert (ledger.code, ledger.document["data"]["balanced"]) == (0, True)
    assert ledger.document["data"]["total"]["accepted"] >= 2001


async def test_a_stack_that_is_well_passes_the_doctor(headrace: Headrace, stack: Stack) -> None:
    headrace.env = dict(stack.env)
    ended = await headrace("doctor", "--json")
    assert [check for check in ended.document["checks"] if check["state"] not in {"ok", "warn"}] == []
    assert ended.code == 0


async def test_a_key_that_the_operator_makes_opens_the_front_door(headrace: Headrace, stack: Stack) -> None:
    headrace.env = dict(stack.env)
    await headrace("project", "create", "cli-journey", "--site", "cli-journey-web")
    made = await headrace("key", "create", "cli-journey", "--kind", "write", "--json")
    ended = await headrace("send", "signup", "--key", made.document["token"])
    assert (ended.code, ended.out[:4]) == (0, "evt_")
