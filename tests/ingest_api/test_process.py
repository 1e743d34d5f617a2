"""What every process does first."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["ingest_api", "queries"])
def test_a_setting_that_cannot_be_used_ends_the_process_with_its_name_and_no_traceback(module: str) -> None:
    environ = {**os.environ, "HEADRACE_INGEST_PORT": "many", "HEADRACE_QUERY_PORT": "99999"}
    command = [sys.executable, "-m", module]
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1
    assert "HEADRACE_INGEST_PORT" in ended.stderr or "HEADRACE_QUERY_PORT" in ended.stderr
    assert "Traceback" not in ended.stderr
