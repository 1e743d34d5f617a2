"""The web page's own unit tests, run by its own runner."""

import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path("clients/web")


def test_the_page_s_logic_holds() -> None:
    npm = shutil.which("npm")
    if npm is None or not (FOLDER / "node_modules").is_dir():
        pytest.skip("no npm, or nothing installed: `make assets` does it where Node is")
    command = (npm, "test", "--silent")
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
