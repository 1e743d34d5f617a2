"""The supervisor: order of start and stop, a true stack.json, no process left behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import process, record
from deploy.local.home import Home
from deploy.local.part import Spec, StartFailed
from deploy.local.record import PartRecord
from deploy.local.supervisor import SERVICE_SECONDS, STORE_SECONDS, Supervisor
from tests.deploy.local.small_parts import MakeSpec, eventually, wait_until

#: a web server that writes its name down when it is told to stop
_NOTES_ITS_END = """
import http.server, os, signal, sys, threading
server = http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), http.server.SimpleHTTPRequestHandler)
def end(*_):
    with open(os.environ["ENDS"], "a") as file:
        print(os.environ["NAME"], file=file)
    threading.Thread(target=server.shutdown).start()
signal.signal(signal.SIGTERM, end)
server.serve_forever()
"""
#: a web server that does not listen to SIGTERM
_DEAF = """
import http.server, os, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


def parts(home: Home) -> dict[str, PartRecord]:
    """The parts in stack.json by name."""
    return {part.name: part for part in record.read(home.stack_json).parts}


def notes(spec: MakeSpec, name: str, ends: Path, *, store: bool = False) -> Spec:
    """A part that writes its name into `ends` when it is told to stop."""
    return spec(name, _NOTES_ITS_END, store=store, env={"NAME": name, "ENDS": str(ends)})


async def test_parts_start_in_order_and_services_stop_before_stores(spec: MakeSpec, home: Home, tmp_path: Path) -> None:
    ends, said = tmp_path / "ends", list[str]()
    specs = [
        notes(spec, "store", ends, store=True),
        Spec("once", (sys.executable, "-c", ""), None),
        notes(spec, "service", ends),
    ]
    async with Supervisor(home, specs, start_seconds=10, say=said.append) as supervisor:
        await supervisor.start()
        supervisor.ready()
        assert [line.split()[:2] for line in said] == [["store", "ready"], ["once", "done"], ["service", "ready"]]
        assert record.read(home.stack_json).state == "ready"
        assert record.read(home.stack_json).supervisor == os.getpid()
        live = parts(home)
        assert list(live) == ["store", "service"]
        assert all(part.pid and process.lives(part.pid, part.started) for part in live.values())
    assert ends.read_text().split() == ["service", "store"]
    assert not any(part.pid and process.lives(part.pid, part.started) for part in live.values())
    assert record.read(home.stack_json).state == "stopped"
    assert parts(home) == {}


async def test_stack_json_is_true_after_a_restart(spec: MakeSpec, home: Home) -> None:
    async with Supervisor(home, [spec("web"), spec("other")], start_seconds=10, say=lambda _: None) as supervisor:
        await supervisor.start()
        before = parts(home)
        web = before["web"].pid
        assert web
        os.kill(web, signal.SIGKILL)
        await eventually(lambda: parts(home)["web"].pid is None)
        await eventually(lambda: parts(home)["web"].pid is not None)
        after = parts(home)
        assert after["web"].restarts == 1
        assert after["web"].port == before["web"].port
        assert after["other"] == before["other"]


async def test_a_part_that_fails_to_start_stops_those_that_had_started(spec: MakeSpec, home: Home) -> None:
    broken = Spec("broken", (sys.executable, "-c", "exit('out of luck')"), None)
    live: dict[str, PartRecord] = {}

    def remember(_: str) -> None:
        live.update(parts(home))

    with pytest.raises(StartFailed, match=r"(?s)broken ended too early.*out of luck"):
        async with Supervisor(home, [spec("web"), broken], start_seconds=10, say=remember) as supervisor:
            await supervisor.start()
    pid = live["web"].pid
    assert pid
    assert not process.lives(pid, live["web"].started)


async def test_a_part_that_ignores_sigterm_is_killed(spec: MakeSpec, home: Home) -> None:
    specs = [spec("deaf", _DEAF)]
    async with Supervisor(home, specs, start_seconds=10, say=lambda _: None) as supervisor:
        await supervisor.start()
        deaf = parts(home)["deaf"]
    assert deaf.pid
    assert not process.lives(deaf.pid, deaf.started)


async def test_kill_ends_every_part_at_once(spec: MakeSpec, home: Home) -> None:
    specs = [spec("deaf", _DEAF)]
    async with Supervisor(home, specs, start_seconds=10, say=lambda _: None) as supervisor:
        await supervisor.start()
        deaf = parts(home)["deaf"].pid
        assert deaf
        supervisor.kill()
        await eventually(lambda: parts(home)["deaf"].pid != deaf)


def test_the_whole_stack_has_less_than_five_seconds_to_stop() -> None:
    assert SERVICE_SECONDS + STORE_SECONDS < 5


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_parts_do_not_outlive_a_supervisor_that_is_killed(home: Home) -> None:
    code = """
import asyncio, sys
from pathlib import Path
from deploy.local.home import Home
from deploy.local.part import Spec
from deploy.local.supervisor import SERVICE_SECONDS, STORE_SECONDS, Supervisor
async def ready(pid): return ""
async def main():
    spec = Spec("sleeper", (sys.executable, "-c", "import signal; signal.pause()"), ready)
    async with Supervisor(Home(Path(sys.argv[1])), [spec], start_seconds=10, say=print) as supervisor:
        await supervisor.start()
        supervisor.ready()
        await supervisor.hold()
asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", code, str(home.path)], stdout=subprocess.DEVNULL) as other:
        wait_until(lambda: record.read(home.stack_json).state == "ready")
        sleeper = parts(home)["sleeper"]
        assert record.leftovers([sleeper]) == [sleeper]
        other.kill()
        wait_until(lambda: not record.leftovers([sleeper]))
