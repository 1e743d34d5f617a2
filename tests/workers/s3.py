"""An S3 server on this machine: rclone's, over a folder, on loopback."""

import contextlib
import shutil
import socket
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.local.ports import free_port

KEY, SECRET = "headrace-of-tests", "secret-of-the-tests"
BUCKET = "kept"
_READY_SECONDS = 20.0


@dataclass(frozen=True)
class Bucket:
    """Where it is, and what opens it."""

    url: str
    port: int

    @property
    def env(self) -> dict[str, str]:
        """What S3 clients read."""
        return {
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
        }


@contextlib.contextmanager
def bucket(folder: Path, port: int = 0) -> Iterator[Bucket]:
    """One bucket, served from a folder."""
    (folder / BUCKET).mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    rclone = shutil.which("rclone", path=sysconfig.get_path("scripts"))
    assert rclone is not None
    options = (
        "--addr",
        f"127.0.0.1:{port}",
        "--auth-key",
        f"{KEY},{SECRET}",
        "--config",
        str(folder / "no.conf"),
        "-q",
    )
    server = subprocess.Popen([rclone, "serve", "s3", str(folder), *options])
    try:
        _until_it_listens(server, port)
        yield Bucket(f"s3://{BUCKET}/events/raw", port)
    finally:
        server.terminate()
        server.wait(10)


def _until_it_listens(server: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("rclone serve s3 did not start")
        time.sleep(0.02)
