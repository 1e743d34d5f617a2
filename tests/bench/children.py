"""Child processes of the bench: on which processor they run, when they are ready, what they answer, their end."""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from deploy.local.leash import leashed

ROOT = Path(__file__).parents[2]
#: processors that this process may use; empty where the platform does not let one choose
_CPUS = sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else []
PINNED = len(_CPUS) >= 2
#: the process under test has one for itself; the generator and the stores share the other
SUBJECT, OTHERS = (_CPUS[0], _CPUS[1]) if PINNED else (-1, -1)
_READY_SECONDS = 20.0
_END_SECONDS = 10.0
T = TypeVar("T")


@contextmanager
def on_cpu(cpu: int) -> Iterator[None]:
    """What is started inside runs on this processor."""
    if not PINNED:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def subject(
    log: Path, *module: str, env: Mapping[str, str] | None = None, python: str = sys.executable, cpu: int = SUBJECT
) -> Iterator["subprocess.Popen[bytes]"]:
    """`python -m module ...` as the process under test; ended at the end. On Linux it dies with this process."""
    command = [python, "-m", *module]
    with on_cpu(cpu), log.open("ab") as out:
        process = subprocess.Popen(
            leashed(command), env={**os.environ, **(env or {})}, cwd=ROOT, stdout=out, stderr=out
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def until_answers(port: int, path: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until there is an answer, whatever it says below 500. Raises `RuntimeError` with the log."""
    deadline = time.monotonic() + _READY_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if _status(port, path) < 500:
            return
        time.sleep(0.02)
    raise RuntimeError(f"{path} on port {port} does not answer:\n{log.read_text()}")


def _status(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 599
    finally:
        connection.close()


def answer(type_: type[T], cpu: int, timeout: float, module: str, **options: object) -> T:
    """Run `python -m module --option value ...` to its end and read the JSON it prints.

    Raises `RuntimeError` with what it said when it failed, `subprocess.TimeoutExpired` after ending it.
    """
    arguments = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    with on_cpu(cpu):
        done = subprocess.run(
            leashed([sys.executable, "-m", module, *arguments]),
            cwd=ROOT, capture_output=True, timeout=timeout, check=False,
        )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{module} failed:\n{done.stderr.decode(errors='replace')}")
    return msgspec.json.decode(done.stdout, type=type_)
