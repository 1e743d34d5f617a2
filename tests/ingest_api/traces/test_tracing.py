"""Contexts on their way from process to process, and what is loaded when."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from ingest_api.traces import tracing
from ingest_api.traces.tracing import Context, TracesUrl

ROOT = Path(__file__).parents[3]
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def python(code: str, **env: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", code]
    known = {**os.environ, **env}
    return subprocess.run(command, cwd=ROOT, env=known, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("header", "sampled"),
    [
        (f"00-{TRACE}-{SPAN}-01", True),
        (f"00-{TRACE}-{SPAN}-00", False),
        (f"00-{TRACE}-{SPAN}-03", True),  # a second flag: its trace id is random
        (f"cc-{TRACE}-{SPAN}-01-of-a-later-version", True),
    ],
)
def test_a_traceparent_is_read(header: str, *, sampled: bool) -> None:
    assert tracing.parse(header) == Context(int(TRACE, 16), int(SPAN, 16), sampled)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "nonsense",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}-01\n",
        f"00-{TRACE[:-1]}٣-{SPAN}-01",
    ],
)
def test_what_is_no_traceparent_counts_for_nothing(header: str) -> None:
    assert tracing.parse(header) is None


def test_the_field_of_an_entry_is_read_as_it_was_written_and_rubbish_is_passed_over() -> None:
    written = bytes.fromhex(TRACE + SPAN) * 2
    assert tracing.decode(written) == [Context(int(TRACE, 16), int(SPAN, 16))] * 2
    assert tracing.decode(written[:-1]) == [Context(int(TRACE, 16), int(SPAN, 16))]
    assert (tracing.decode(b""), tracing.decode(b"x" * 23)) == ([], [])
    assert len(tracing.decode(written * 1000)) == tracing.MOST


def test_without_a_url_nothing_of_opentelemetry_is_loaded() -> None:
    code = (
        "import sys, arq.worker, ingest_api.__main__, queries.__main__, workers.worker\n"
        "from ingest_api import telemetry\n"
        "from ingest_api.traces import tracing\n"
        "tracing.set_up('', 'headrace-ingest', telemetry.SPANS)\n"
        "sys.exit(str([name for name in sys.modules if name.startswith('opentelemetry')] or ''))"
    )
    done = python(code)
    assert done.stderr.strip() == ""


@pytest.mark.parametrize("module", ["ingest_api", "queries"])
def test_asked_for_traces_a_process_without_opentelemetry_ends_and_says_what_to_install(module: str) -> None:
    code = f"import sys, runpy; sys.modules['opentelemetry'] = None; runpy.run_module({module!r}, run_name='__main__')"
    done = python(code, HEADRACE_TRACES_URL="http://127.0.0.1:4318/v1/traces")
    assert done.returncode == 1
    assert done.stderr.strip().endswith("pip install 'headrace[traces]'")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:4318/v1/traces", "https://tempo.example/otlp/v1/traces"])
def test_the_url_of_a_collector_is_taken(url: str) -> None:
    assert TypeAdapter(TracesUrl).validate_python(url) == url


@pytest.mark.parametrize("url", ["127.0.0.1:4318", "grpc://127.0.0.1:4317", "http://:4318/", "http://user:word@host/"])
def test_another_url_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match=r"OTLP collector|no password"):
        TypeAdapter(TracesUrl).validate_python(url)
