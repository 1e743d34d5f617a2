"""Profiles: where a process spends its time, by function, as text in docs/profiles. Shares, not speeds.

    python -m tests.bench.profile [--only single] [--seconds 10]

py-spy looks at the process 200 times a second from outside; `make peers` installs it.
"""

import argparse
import asyncio
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # it ships no types

from ingest_api.progress import ShardProgress, read_progress
from ingest_api.stream import Install, connect
from tests import stores
from tests.appending import append
from tests.bench import children, prepared, report
from tests.bench.front_door import front_door
from tests.bench.peers.peers import BIN
from tests.bench.questions import QUESTIONS, ask, service
from tests.bench.room import room
from tests.waiting import until

FOLDER = children.ROOT / "docs" / "profiles"
_RATE = 200
_SHOWN = 40
_ASKERS = 4
#: innermost functions that do nothing but wait, where py-spy does not see it
_WAITING = ("_worker (concurrent/futures/thread.py", "EpollSelector.select (", "Condition.wait (threading.py")
#: events of the set that is asked about, and of the backlog that is drained in each second of the profile
_CROWD, _BACKLOG = 200_000, 30_000
_WORKER = ("arq", "workers.worker.WorkerSettings")


def single(seconds: float, stacks: Path) -> str:
    """A front door under single events."""
    return _front_door(1, 128, seconds, stacks)


def batch100(seconds: float, stacks: Path) -> str:
    """A front door under arrays of 100 events."""
    return _front_door(100, 16, seconds, stacks)


def drain(seconds: float, stacks: Path) -> str:
    """A worker and a backlog, from its first lease to the last batch stored."""
    entries = prepared.stamped(int(seconds) * _BACKLOG, seed=7)
    with (
        room() as (folder, redis, made), children.on_cpu(children.OTHERS),
        stores.local_clickhouse(folder) as clickhouse,
    ):  # fmt: skip
        stores.migrate(clickhouse)
        asyncio.run(append(redis, made, entries))
        env = {"HEADRACE_REDIS_URL": redis, "HEADRACE_CLICKHOUSE_URL": clickhouse}
        with children.subject(folder / "worker.log", *_WORKER, env=env) as process:
            asyncio.run(_until(redis, made, lambda shards: any(one.owner for one in shards)))
            with _spied(process.pid, stacks):
                asyncio.run(_until(redis, made, lambda shards: not any(one.waiting for one in shards)))
    return f"one worker, a backlog of {len(entries):,} events"


def query(seconds: float, stacks: Path) -> str:
    """The query service, asked the questions of the bench without a pause."""

    def asking(port: int, token: str, stop_at: float) -> int:
        asked = 0
        while time.monotonic() < stop_at:
            ask(port, token, QUESTIONS[asked % len(QUESTIONS)])
            asked += 1
        return asked

    with (
        tempfile.TemporaryDirectory(prefix="headrace-bench-") as place,
        service(Path(place), _CROWD) as (port, token, _),
    ):
        pids = [one.pid for one in psutil.Process().children() if one.cmdline()[-1] == "queries"]
        stop_at = time.monotonic() + seconds
        with _spied(pids[0], stacks), ThreadPoolExecutor(_ASKERS) as askers:
            asked = sum(askers.map(lambda _: asking(port, token, stop_at), range(_ASKERS)))
    return f"{_ASKERS} askers, {asked:,} questions to a set of {_CROWD:,} events"


STAGES: dict[str, Callable[[float, Path], str]] = {
    "single": single,
    "batch100": batch100,
    "drain": drain,
    "query": query,
}


def summary(stacks: Iterable[str]) -> Iterator[str]:
    """Lines of a table from py-spy's stacks, `outer;inner count` each: self and total time, most of its own first."""
    own, whole = Counter[str](), Counter[str]()
    for line in stacks:
        frames, _, count = line.rpartition(" ")
        names = frames.split(";")
        if names[-1].startswith(_WAITING):
            continue
        own[names[-1]] += int(count)
        whole.update(dict.fromkeys(names, int(count)))
    samples = max(own.total(), 1)
    yield f"{own.total():,} samples"
    yield ""
    yield "  self   total  function"
    for name, times in own.most_common(_SHOWN):
        yield f"{times / samples:6.1%} {whole[name] / samples:7.1%}  {name}"


def _front_door(size: int, connections: int, seconds: float, stacks: Path) -> str:
    with room() as (folder, redis, _), front_door(folder, redis) as door:
        door.run(size, connections, 1.0)
        with _spied(door.process.pid, stacks):
            door.run(size, connections, seconds)
    return f"one front door, {size} event{'s' * (size > 1)} a request, {connections} connections"


async def _until(redis_url: str, made: Install, reached: Callable[[list[ShardProgress]], bool]) -> None:
    redis = connect(redis_url)

    async def looked() -> bool:
        return reached(await read_progress(redis, made))

    await until(looked, within=120)
    await redis.aclose()


@contextmanager
def _spied(pid: int, stacks: Path) -> Iterator[None]:
    """py-spy watches the process meanwhile; only what works is counted, not what waits."""
    command = [str(BIN / "py-spy"), "record", "-p", str(pid), "-r", str(_RATE), "-f", "raw", "-F", "-o", str(stacks)]
    with children.on_cpu(children.OTHERS):
        spy = subprocess.Popen([*command, "-d", "unlimited"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        yield
    finally:
        spy.send_signal(signal.SIGINT)
        said = spy.communicate()[1]
    if not stacks.exists():
        raise RuntimeError(f"py-spy says: {said.decode(errors='replace')}")


def _write(name: str, seconds: float) -> Path:
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as place:
        stacks = Path(place) / "stacks"
        what = STAGES[name](seconds, stacks)
        where = report.machine()
        lines = [
            f"{name}: {what}",
            f"{where.when}, {where.system}, {where.cpus} cpus, load {where.load}, Python {where.python}",
            f"py-spy, {_RATE} times a second, waiting left out; what C code takes is its caller's",
            *summary(stacks.read_text().splitlines()),
        ]
    file = FOLDER / where.when.split()[0] / f"{name}.txt"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines) + "\n")
    return file


def main() -> None:
    """Profile, write, say where."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.profile", description=__doc__)
    parser.add_argument("--only", choices=STAGES, action="append", help="this stage; give it again for another")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long each is watched")
    options = parser.parse_args()
    if not (BIN / "py-spy").exists():
        parser.error("py-spy is not installed: `make peers` puts it into build/peers")
    for name in options.only or STAGES:
        print(_write(name, options.seconds).relative_to(children.ROOT), file=sys.stderr)


if __name__ == "__main__":
    main()
