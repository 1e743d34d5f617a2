"""The home of a stack: a folder with its data, logs, passwords and records, and the lock that one stack holds."""

import fcntl
import os
import secrets
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from deploy.local import process
from deploy.local.ports import Choice

#: a look at the lock by another command may hold it for a moment
_LOCK_SECONDS = 1.0
_POLL_SECONDS = 0.02


class HomeTaken(RuntimeError):
    """Another stack runs in this home."""

    def __init__(self, path: Path, pid: int | None) -> None:
        super().__init__(
            f"A stack already runs in {path} (supervisor pid {pid}). "
            "Look at it with `make status`, stop it with `make down`, or use another --home."
        )


class Secrets(msgspec.Struct, frozen=True):
    """Passwords of the stores, made once per home."""

    redis_password: str
    clickhouse_password: str


@dataclass(frozen=True, slots=True)
class Home:
    """Where things are. Only the user may read the folder."""

    path: Path

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def redis(self) -> Path:
        return self.path / "redis"

    @property
    def clickhouse(self) -> Path:
        return self.path / "clickhouse"

    @property
    def demo_env(self) -> Path:
        return self.path / "demo.env"

    @property
    def stack_json(self) -> Path:
        return self.path / "stack.json"

    def make(self) -> None:
        """Make the folders that are missing."""
        for folder in (self.path, self.logs, self.redis, self.clickhouse):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def lock(self) -> IO[str]:
        """Hold this home until the file is closed or the process ends. Raises `HomeTaken`."""
        file = (self.path / "lock").open("a+")
        deadline = time.monotonic() + _LOCK_SECONDS
        while not _try_lock(file, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                file.close()
                raise HomeTaken(self.path, self.holder())
            time.sleep(_POLL_SECONDS)
        file.truncate(0)
        file.write(f"{os.getpid()} {process.start_time(os.getpid())}")
        file.flush()
        return file

    def holder(self) -> int | None:
        """The pid of the supervisor that runs in this home now, or None."""
        try:
            file = (self.path / "lock").open("r+")
        except FileNotFoundError:
            return None
        with file:
            while not _try_lock(file, fcntl.LOCK_SH):  # else closing the file lets go of it
                file.seek(0)
                pid, _, started = file.read().partition(" ")
                # Between taking the lock and writing, the file still names an earlier holder, or nobody.
                if started and process.lives(int(pid), float(started)):
                    return int(pid)
                time.sleep(_POLL_SECONDS)
        return None

    def secrets(self) -> Secrets:
        """The passwords of this home, made the first time."""
        file = self.path / "secrets.json"
        if not file.exists():
            made = Secrets(secrets.token_urlsafe(24), secrets.token_urlsafe(24))
            write_private(file, msgspec.json.encode(made))
        return msgspec.json.decode(file.read_bytes(), type=Secrets)

    def read_ports(self) -> dict[str, Choice]:
        """Last time's ports."""
        file = self.path / "ports.json"
        return msgspec.json.decode(file.read_bytes(), type=dict[str, Choice]) if file.exists() else {}

    def write_ports(self, chosen: dict[str, Choice]) -> None:
        """Remember the ports for the next run."""
        write_private(self.path / "ports.json", msgspec.json.encode(chosen))

    def read_demo_env(self) -> dict[str, str]:
        """The values of demo.env, empty before the first start."""
        lines = self.demo_env.read_text().splitlines() if self.demo_env.exists() else []
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def write_demo_env(self, values: dict[str, str]) -> None:
        """Write demo.env: load it in a shell with `set -a; . demo.env`."""
        write_private(self.demo_env, "".join(f"{name}={value}\n" for name, value in values.items()).encode())


def write_private(file: Path, content: bytes) -> None:
    """Replace a file in one step: readers see the old content or the new, and only the user sees any (0600)."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    with open(descriptor, "wb") as temporary:
        temporary.write(content)
    Path(name).replace(file)


def _try_lock(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
