"""`up` and `down`, as a shell calls them."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import background, process, record
from deploy.local.home import Home
from deploy.local.ports import HOST
from deploy.local.running import ANY_PORTS
from tests.deploy.local.small_parts import wait_until


def command(home: Home, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """`python -m deploy.local ...` with this home, on any ports."""
    line = [sys.executable, "-m", "deploy.local", *words, "--home", str(home.path)]
    env = {**os.environ, **ANY_PORTS, **environ}
    return subprocess.run(line, capture_output=True, text=True, check=False, env=env, timeout=60)


def test_down_where_nothing_runs_is_fine(home: Home) -> None:
    assert not background.down(home)
    done = command(home, "down")
    assert (done.returncode, done.stdout) == (0, f"Nothing runs in {home.path}.\n")


def test_down_where_no_home_is_makes_none(tmp_path: Path) -> None:
    assert command(Home(tmp_path / "nowhere"), "down").returncode == 0
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.stack
def test_up_is_ready_when_it_returns_goes_on_by_itself_and_down_ends_it(home: Home) -> None:
    done = command(home, "up")
    try:
        assert done.returncode == 0, done.stdout + done.stderr
        for part in ("redis", "clickhouse", "ingest_api", "worker", "queries", "origin"):
            assert f"{part:<12} ready" in done.stdout
        assert home.read_demo_env()["HEADRACE_URL"] + "/v1/events" in done.stdout
        parts = record.read(home.stack_json).parts
        assert record.leftovers(parts) == list(parts)
        assert command(home, "status").returncode == 0
        again = command(home, "up")
        assert (again.returncode, again.stdout.split(" (")[0]) == (1, f"A stack already runs in {home.path}")
    finally:
        stopped = command(home, "down")
    assert stopped.returncode == 0
    assert stopped.stdout.startswith("stopped in ")
    assert record.leftovers(parts) == []
    assert home.holder() is None
    assert command(home, "status").returncode == 1


@pytest.mark.stack
def test_up_fails_with_the_reason_when_a_part_does(home: Home) -> None:
    (home.redis / "appendonlydir").write_text("not a folder")
    done = command(home, "up")
    assert done.returncode == 1
    assert "redis ended too early" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert home.holder() is None


@pytest.mark.stack
def test_a_taken_port_is_replaced_in_one_line_or_refused_when_ports_are_strict(home: Home) -> None:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen()
        taken = str(listener.getsockname()[1])
        refused = command(home, "up", HEADRACE_LOCAL_INGEST_PORT=taken, HEADRACE_LOCAL_STRICT_PORTS="1")
        assert refused.returncode == 1
        assert f"Port {taken}, wanted for ingest_api, is taken. Stop what listens there" in refused.stdout
        done = command(home, "up", HEADRACE_LOCAL_INGEST_PORT=taken)
    try:
        assert done.returncode == 0, done.stdout
        assert f"port {taken} is taken; ingest_api listens on " in done.stdout
    finally:
        command(home, "down")


@pytest.mark.stack
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the parts of a killed supervisor stay until `down`")
def test_down_says_that_nothing_runs_when_the_supervisor_was_killed(home: Home) -> None:
    assert command(home, "up").returncode == 0
    supervisor, parts = home.holder(), record.read(home.stack_json).parts
    assert supervisor
    os.kill(supervisor, signal.SIGKILL)
    wait_until(lambda: record.leftovers(parts) == [])
    wait_until(lambda: home.holder() is None)
    assert command(home, "down").stdout == f"Nothing runs in {home.path}.\n"
    assert not process.lives(supervisor, process.start_time(supervisor))
