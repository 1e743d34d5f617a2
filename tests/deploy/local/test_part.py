"""One part: started, ready, restarted, and a failure that shows its log."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local import process
from deploy.local.part import Part, Spec, StartFailed, open_log
from tests.deploy.local.small_parts import MakeSpec, eventually


@asynccontextmanager
async def running(spec: Spec, logs: Path, said: list[str]) -> AsyncIterator[Part]:
    """The part, started and kept; ended afterwards."""
    part = Part(spec, logs, changed=lambda: None, say=said.append)
    try:
        await part.start(10.0)
        async with asyncio.TaskGroup() as tasks:
            keeper = tasks.create_task(part.keep())
            yield part
            keeper.cancel()
    finally:
        part.signal(signal.SIGKILL)
        await part.ended()


async def test_a_part_is_ready_when_its_own_process_answers(spec: MakeSpec, tmp_path: Path) -> None:
    async with running(spec("web"), tmp_path, []) as part:
        assert part.record.pid is not None
        assert part.spec.port is not None
        assert process.listens(part.record.pid, part.spec.port)
        assert process.lives(part.record.pid, part.record.started)
        assert part.listed
    assert not part.listed
    assert part.record.pid is None


async def test_a_part_that_is_killed_is_started_again_and_that_is_said(spec: MakeSpec, tmp_path: Path) -> None:
    said: list[str] = []
    async with running(spec("web"), tmp_path, said) as part:
        first = part.record.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await eventually(lambda: len(said) == 2)
        assert said[0] == "web died (SIGKILL); starting it again in 0.5 s"
        assert said[1] == f"web is ready again (pid {part.record.pid}, restart 1)"
        assert part.record.restarts == 1
        assert part.record.pid not in {first, None}


async def test_a_part_that_the_operator_stops_is_started_again_too(spec: MakeSpec, tmp_path: Path) -> None:
    said: list[str] = []
    async with running(spec("web"), tmp_path, said) as part:
        part.signal(signal.SIGTERM)
        await eventually(lambda: len(said) == 2)
        assert part.record.restarts == 1


async def test_between_death_and_restart_a_part_is_listed_without_a_pid(spec: MakeSpec, tmp_path: Path) -> None:
    async with running(spec("web"), tmp_path, []) as part:
        part.signal(signal.SIGKILL)
        await eventually(lambda: part.record.pid is None)
        assert part.listed
        await eventually(lambda: part.record.pid is not None)


async def test_a_part_that_dies_while_it_starts_again_waits_longer(spec: MakeSpec, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    web = spec("web")
    first_run = "import os, sys; flag = sys.argv[1]\nif os.path.exists(flag): sys.exit(3)\nopen(flag, 'w').close()\n"
    code = first_run + "os.execv(sys.argv[2], sys.argv[2:])"
    fragile = replace(web, command=(sys.executable, "-c", code, str(flag), *web.command))
    said: list[str] = []
    async with running(fragile, tmp_path, said) as part:
        part.signal(signal.SIGKILL)
        await eventually(lambda: len(said) == 2)
        assert said == [
            "web died (SIGKILL); starting it again in 0.5 s",
            "web died (exit code 3); starting it again in 1 s",
        ]
        flag.unlink()
        await eventually(lambda: len(said) == 3)
        assert "ready again" in said[2]
        assert part.record.restarts == 2


async def test_a_part_that_ends_before_it_is_ready_fails_with_the_end_of_its_log(
    spec: MakeSpec, tmp_path: Path
) -> None:
    broken = spec("broken", "import sys; print('no such table'); sys.exit(7)")
    part = Part(broken, tmp_path, changed=lambda: None, say=print)
    with pytest.raises(StartFailed, match=r"(?s)broken ended too early \(exit code 7\)\. .*no such table"):
        await part.start(10.0)
    await part.ended()


async def test_a_part_that_never_answers_fails_and_says_what_was_missing(spec: MakeSpec, tmp_path: Path) -> None:
    part = Part(spec("mute", "import signal; signal.pause()"), tmp_path, changed=lambda: None, say=print)
    with pytest.raises(StartFailed, match=rf"mute is not ready after 0\.3 s: not listening on port {part.spec.port}"):
        await part.start(0.3)
    part.signal(signal.SIGKILL)
    await part.ended()


async def test_a_command_without_a_probe_is_done_when_it_ended_well(tmp_path: Path) -> None:
    done = Part(Spec("done", (sys.executable, "-c", ""), None), tmp_path, changed=lambda: None, say=print)
    await done.start(10.0)
    assert not done.listed
    failed = Part(Spec("failed", (sys.executable, "-c", "exit(2)"), None), tmp_path, changed=lambda: None, say=print)
    with pytest.raises(StartFailed, match=r"failed ended too early \(exit code 2\)"):
        await failed.start(10.0)


async def test_a_part_gets_its_environment_and_a_session_of_its_own(tmp_path: Path) -> None:
    code = "import os; print(os.environ['HEADRACE_X'], os.getsid(0) == os.getpid())"
    spec = Spec("shown", (sys.executable, "-c", code), None, env={"HEADRACE_X": "x"})
    await Part(spec, tmp_path, changed=lambda: None, say=print).start(10.0)
    assert (tmp_path / "shown.log").read_text() == "x True\n"


def test_parts_of_one_name_have_logs_of_their_own(tmp_path: Path) -> None:
    specs = [Spec("worker", (), None, number=number) for number in (1, 2)]
    logs = [Part(spec, tmp_path, changed=lambda: None, say=print).log.name for spec in specs]
    assert logs == ["worker.log", "worker-2.log"]


def test_a_log_that_has_grown_large_makes_room(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    with log.open("wb") as file:
        file.truncate(17 * 1024 * 1024)
    with open_log(log) as file:
        assert file.tell() == 0
    assert (tmp_path / "web.log.1").stat().st_size == 17 * 1024 * 1024


def test_a_log_is_continued(tmp_path: Path) -> None:
    for text in (b"one\n", b"two\n"):
        with open_log(tmp_path / "web.log") as file:
            file.write(text)
    assert (tmp_path / "web.log").read_bytes() == b"one\ntwo\n"
