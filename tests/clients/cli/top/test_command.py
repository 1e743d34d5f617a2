"""`headrace top` where nobody sits at a terminal: one snapshot; and how it ends."""

import asyncio
import contextlib
import os
import pty
import sys

import pytest

from tests.clients.cli.asking import Shop
from tests.clients.cli.conftest import Headrace
from tests.waiting import until


@pytest.mark.stack
async def test_a_snapshot_shows_a_shard_without_a_worker(shop: Shop) -> None:
    ended = await shop.headrace("top", "--once", COLUMNS="80", HEADRACE_ADMIN_KEY="")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0].startswith(f"headrace  project {shop.id}  durability disk  fresh through ")
    assert lines[1].startswith("✗ No worker holds shard 0: 0 events wait there. For ")
    assert lines[2].rstrip() == "  -> Tell whoever runs this installation."
    assert "✗ nobody" in ended.out
    assert "redis" not in ended.out


@pytest.mark.stack
async def test_an_operator_sees_workers_and_the_queue(shop: Shop) -> None:
    ended = await shop.headrace("top")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("headrace  all projects")
    assert "✗ No worker is alive." in ended.out
    assert "MiB of 512 MiB" in ended.out
    of_one = await shop.headrace("top", "--project", shop.id)
    assert of_one.out.startswith(f"headrace  project {shop.id}")


@pytest.mark.stack
async def test_json_is_the_answer_of_the_service(shop: Shop) -> None:
    ended = await shop.headrace("top", "--json")
    assert ended.code == 0
    assert ended.document["data"]["clickhouse"]["reachable"] is True


@pytest.mark.slow  # it tries for ten seconds
async def test_a_service_that_is_away_ends_it_with_three(connected: Headrace) -> None:
    ended = await connected("top", "--url", "http://127.0.0.1:1")
    assert (ended.code, ended.out) == (3, "")
    assert "Gave up after 10 s" in ended.err


async def test_an_interval_that_is_too_short_is_refused(connected: Headrace) -> None:
    ended = await connected("top", "--interval", "0.1")
    assert (ended.code, ended.out) == (2, "")


async def test_other_commands_start_without_the_terminal_library(headrace: Headrace) -> None:
    code = "import sys; from clients.cli.app import run; run(['tail', '--help']); sys.exit('textual' in sys.modules)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.DEVNULL)
    assert await process.wait() == 0


@pytest.mark.stack
@pytest.mark.parametrize("colours", [{}, {"NO_COLOR": "1"}])
async def test_in_a_terminal_it_is_drawn_in_the_terminal_s_own_colours_and_q_ends_it(
    shop: Shop, colours: dict[str, str]
) -> None:
    here, there = pty.openpty()
    os.set_blocking(here, False)
    env = {**os.environ, **shop.headrace.env, **colours, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from clients.cli.app import main; main()", "top"),
        cwd=shop.headrace.folder, env=env, stdin=there, stdout=there, stderr=there,
    )  # fmt: skip
    os.close(there)
    drawn = bytearray()

    async def has_drawn() -> bool:
        with contextlib.suppress(BlockingIOError):
            drawn.extend(os.read(here, 65_536))
        return b"accepted" in drawn and b"Quit" in drawn

    try:
        await until(has_drawn, within=30)
        os.write(here, b"q")

        async def ended() -> bool:
            with contextlib.suppress(OSError):  # nobody is at the other end any more, or nothing is there now
                drawn.extend(os.read(here, 65_536))
            return process.returncode is not None

        await until(ended, within=30)
    finally:
        if process.returncode is None:
            process.kill()
        os.close(here)
    assert await process.wait() == 0
    assert b";2;" not in drawn.replace(b"\x1b[2;", b"")
    assert b"[38;5;" not in drawn
    assert b"[48;5;" not in drawn
