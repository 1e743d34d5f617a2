"""The commands, as a shell calls them."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from deploy.local import record
from deploy.local.home import Home
from deploy.local.running import ANY_PORTS, RunningStack


def line(*words: str) -> list[str]:
    """`python -m deploy.local ...`"""
    return [sys.executable, "-m", "deploy.local", *words]


@contextmanager
def run(home: Home, **environ: str) -> Iterator["subprocess.Popen[str]"]:
    """`run` as in a terminal: one process that a signal reaches."""
    env = {**os.environ, **ANY_PORTS, "HEADRACE_LOCAL_DEMO_EVENTS": "200", **environ}
    words = line("run", "--home", str(home.path))
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(process: "subprocess.Popen[str]", wanted: str) -> str:
    """What the process prints up to and with the line that contains `wanted`."""
    assert process.stdout
    text = ""
    for printed in process.stdout:
        text += printed
        if wanted in printed:
            return text
    raise AssertionError(f"{wanted!r} was not printed:\n{text}")


def stop(process: "subprocess.Popen[str]", home: Home, number: signal.Signals) -> None:
    """Send the signal, which must stop everything."""
    parts = record.read(home.stack_json).parts
    process.send_signal(number)
    rest, _ = process.communicate(timeout=20)
    assert (process.returncode, rest) == (0, "stopped\n")
    assert parts
    assert record.leftovers(parts) == []


@pytest.mark.stack
def test_run_shows_the_demo_and_how_to_go_on_and_ctrl_c_stops_everything(home: Home) -> None:
    with run(home) as process:
        text = read_until(process, "Ctrl-C stops the stack")
        stop(process, home, signal.SIGINT)
    assert "200 events acknowledged" in text
    assert re.search(r"all +200 +200", text)
    assert 'curl -X POST "http://127.0.0.1:' in text


@pytest.mark.stack
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_run_tells_of_a_part_that_died_and_a_signal_stops_everything(home: Home, number: signal.Signals) -> None:
    with run(home, HEADRACE_LOCAL_DEMO_EVENTS="0") as process:
        read_until(process, "Ctrl-C stops the stack")
        queries = next(part.pid for part in record.read(home.stack_json).parts if part.name == "queries")
        assert queries
        os.kill(queries, signal.SIGTERM)
        assert re.search(
            r"\d\d:\d\d:\d\d queries died \(.*\); starting it again in 0\.5 s", read_until(process, "died")
        )
        assert re.search(r"queries is ready again \(pid \d+, restart 1\)", read_until(process, "ready again"))
        stop(process, home, number)


@pytest.mark.stack
def test_a_signal_while_parts_start_stops_those_that_had(home: Home) -> None:
    with run(home) as process:
        read_until(process, "clickhouse")
        parts = record.read(home.stack_json).parts
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)
        assert process.returncode == 0
    assert parts
    assert record.leftovers(parts) == []
    assert record.read(home.stack_json).parts == ()


@pytest.mark.stack
def test_a_second_run_in_a_home_is_refused(local_stack: RunningStack) -> None:
    home = local_stack.home
    done = subprocess.run(line("run", "--home", str(home.path)), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    pid = local_stack.supervisor.pid
    assert done.stdout.startswith(f"A stack already runs in {home.path} (supervisor pid {pid}). Look at it with")


@pytest.mark.stack
async def test_status_as_json_has_parts_and_shards(local_stack: RunningStack) -> None:
    await local_stack.until_healthy()
    words = line("status", "--home", str(local_stack.home.path), "--json")
    done = await_exit(words)
    found = json.loads(done.stdout)
    assert (done.returncode, found["healthy"], found["problem"]) == (0, True, "")
    assert {part["name"] for part in found["parts"]} == {
        "redis",
        "clickhouse",
        "ingest_api",
        "worker",
        "queries",
        "origin",
    }
    assert [shard["shard"] for shard in found["shards"]] == [0, 1]


def await_exit(words: list[str], **environ: str) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end."""
    env = {**os.environ, **environ}
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=60, env=env)


def test_logs_show_the_part_beside_each_line_and_end_when_they_need_not_follow(home: Home) -> None:
    (home.logs / "worker.log").write_text("[not markup] fine\n")
    done = await_exit(line("logs", "--home", str(home.path), "--no-follow"))
    assert (done.returncode, done.stdout) == (0, "worker       [not markup] fine\n")


def test_logs_follow_until_they_are_interrupted(home: Home) -> None:
    log = home.logs / "worker.log"
    log.write_text("one\n")
    words = line("logs", "--home", str(home.path))
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env) as process:
        assert read_until(process, "one") == "worker       one\n"
        with log.open("a") as file:
            file.write("two\n")
        assert read_until(process, "two") == "worker       two\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)
        assert (process.returncode, errors) == (130, "")


def test_a_setting_that_is_wrong_is_named_and_nothing_starts(home: Home) -> None:
    done = await_exit(line("up", "--home", str(home.path)), HEADRACE_LOCAL_INGEST_PORT="eighty")
    assert done.returncode == 2
    assert done.stdout.startswith("HEADRACE_LOCAL_INGEST_PORT: ")
    assert "'eighty'" in done.stdout


def test_help_lists_the_commands_of_an_operator() -> None:
    text = await_exit(line("--help")).stdout
    for name in ("run", "up", "down", "status", "logs"):
        assert re.search(rf"\b{name}\b", text)
    assert "supervise" not in text
