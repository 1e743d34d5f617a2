"""The command as a whole: help, version, and the ways in which a run ends."""

import asyncio
from pathlib import Path

import pytest

from clients.cli.errors import Exit
from clients.cli.settings import Settings
from tests.clients.cli.conftest import Headrace
from tests.clients.cli.double import Double


@pytest.mark.parametrize("words", ["", "send", "stats", "tail", "doctor", "project create", "key create", "key revoke"])
async def test_help_tells_the_exit_codes_and_global_options(headrace: Headrace, words: str) -> None:
    ended = await headrace(*words.split(), "--help", COLUMNS="200")
    assert (ended.code, ended.err) == (0, "")
    for expected in ("Exit codes: 0 ok", "--url", "--key", "--json"):
        assert expected in ended.out


async def test_version_is_printed(headrace: Headrace) -> None:
    ended = await headrace.finish(await headrace.start("--version"))
    assert (ended.code, ended.out) == (0, "0.1.0\n")


@pytest.mark.parametrize("words", ["sned x", "send x --bogus", "send --batch 0 --file -", "key create p --kind wrote"])
async def test_wrong_usage_ends_with_two_and_no_traceback(headrace: Headrace, words: str) -> None:
    ended = await headrace(*words.split(), "--json")
    assert (ended.code, ended.document["exit_code"]) == (2, 2)
    assert ended.err.startswith("headrace: ")
    assert "Traceback" not in ended.err


async def test_global_options_may_stand_before_the_command(headrace: Headrace, double: Double) -> None:
    ended = await headrace("--url", double.url, "--json", "--key", "write-key", "send", "x")
    assert (ended.code, ended.document["event_id"]) == (0, "evt_00000000000000000000000000000000")


async def test_without_any_setting_the_way_to_get_one_is_told(headrace: Headrace) -> None:
    ended = await headrace("send", "x")
    assert ended.code == 2
    assert "make up" in ended.err


async def test_a_service_that_is_away_ends_with_three(headrace: Headrace) -> None:
    ended = await headrace("send", "x", "--url", "http://127.0.0.1:1", "--key", "k", "--give-up-after", "0", "--json")
    assert (ended.code, ended.document["exit_code"]) == (3, 3)
    assert "cannot be reached: Connection refused" in ended.document["error"]


async def test_debug_shows_where_a_failure_came_from(headrace: Headrace) -> None:
    ended = await headrace.finish(await headrace.start("send", "x", HEADRACE_DEBUG="1"))
    assert "Traceback" in ended.err


async def test_a_reader_that_goes_away_ends_the_run_quietly(connected: Headrace, double: Double) -> None:
    double.events.extend([{"event_type": "a" * 4000, "occurred_at": "now"}] * 100)
    process = await connected.start("tail", "--limit", "100", "--json")
    assert process.stdout is not None
    await process.stdout.readline()
    transport = process._transport.get_pipe_transport(1)  # type: ignore[attr-defined]  # no public way to close it
    transport.close()
    async with asyncio.timeout(30):
        assert await process.wait() == 0
    assert process.stderr is not None
    assert await process.stderr.read() == b""


def test_the_docs_name_every_setting_command_and_exit_code() -> None:
    docs = (Path(__file__).parents[3] / "docs" / "cli.md").read_text()
    variables = [f"`HEADRACE_{field.upper()}`" for field in Settings.model_fields]
    commands = [f"`headrace {name}" for name in ("send", "stats", "ledger", "tail", "project", "key", "doctor")]
    codes = [f"| {int(code)} |" for code in Exit]
    assert [text for text in variables + commands + codes if text not in docs] == []
