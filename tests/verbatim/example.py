"""The examples of the product documents, as these print them, and the programs that they are written for.

Host names and keys are replaced, each wherever it stands in HOSTS and KEYS, and nothing else. The few examples that
cannot run as they are printed have a row in MENDS.
"""

import asyncio
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent / "examples"
HOSTS = ("demo-signal.usehardal.com", "your-api.example.com", "api.example.com", "track.eventbunker.io")
KEYS = ("YOUR_API_KEY", "test_123", "<YOUR-WRITE-API-KEY>")
#: example -> what it prints, what runs, and why
MENDS = {
    "hardal/go": ('"encoding/json"\n', "", "Go refuses to compile an import that is not used"),
    "pulse/batch": (", ... }", " }", "three dots stand for fields of one's own"),
    "eventbunker/curl": ('["cat", "dog"]', '["cat", "dog"],', "the array lacks a comma behind it"),
}
_SECONDS = 30.0


@dataclass(frozen=True)
class Program:
    """What runs an example, from a file of this ending."""

    command: tuple[str, ...]
    ending: str
    needs: tuple[str, ...]


PROGRAMS = {
    "curl": Program(("bash",), ".sh", ("bash", "curl")),
    "python": Program((sys.executable,), ".py", ()),
    "node": Program(("node",), ".mjs", ("node",)),
    "go": Program(("go", "run"), ".go", ("go",)),
    "ruby": Program(("ruby",), ".rb", ("ruby",)),
}


def printed(name: str, host: str, key: str) -> str:
    """The example `<document>/<example>` as the document prints it, with this host and key."""
    text = (EXAMPLES / f"{name}.txt").read_text()
    for theirs in HOSTS:
        text = text.replace(theirs, host)
    for theirs in KEYS:
        text = text.replace(theirs, key)
    return text


def mended(name: str, host: str, key: str) -> str:
    """`printed`, with the row of MENDS applied."""
    before, after, why = MENDS[name]
    text = printed(name, host, key)
    assert before in text, f"the example changed: {why}"
    return text.replace(before, after)


async def run(program: str, code: str, folder: Path, certificate: Path) -> tuple[int, str, str]:
    """Run it as its reader would. Returns the exit code, what it says and what it complains of.

    Skips the test where the program is not installed. The certificate is the only one that it trusts.
    """
    runs = PROGRAMS[program]
    for need in runs.needs:
        if shutil.which(need) is None:
            pytest.skip(f"{need} is not installed")
    process = await asyncio.create_subprocess_exec(
        *runs.command,
        _written(folder / f"example{runs.ending}", code),
        env=_environ(certificate),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        said, complained = await asyncio.wait_for(process.communicate(), _SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode or 0, said.decode(), complained.decode()


def _written(file: Path, code: str) -> str:
    file.write_text(code)
    return str(file)


def _environ(certificate: Path) -> dict[str, str]:
    trusted = ("CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE")
    return {**os.environ, **dict.fromkeys(trusted, str(certificate)), "NO_PROXY": "*", "no_proxy": "*"}
