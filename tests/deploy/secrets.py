"""The passwords of an installation, made as an operator makes them, for the tests of what is deployed."""

import atexit
import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


@cache
def secrets() -> Path:
    """A folder that deploy/secrets.sh filled."""
    folder = Path(mkdtemp(prefix="headrace-secrets-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return make(folder)


def make(folder: Path) -> Path:
    """Run deploy/secrets.sh for this folder."""
    subprocess.run([str(DEPLOY / "secrets.sh"), str(folder)], check=True, capture_output=True)
    return folder


def url(service: str, store: str) -> str:
    """Where a service is told that a store is."""
    return (secrets() / f"{service}_{store}_url").read_text().strip()
