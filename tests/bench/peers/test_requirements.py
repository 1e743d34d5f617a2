"""What the peers are made of is pinned by hash, in the project's own versions, and named by no index."""

import re
from pathlib import Path

import pytest

FOLDER, ROOT = Path(__file__).parent, Path(__file__).parents[3]


def pinned(file: Path) -> dict[str, str]:
    """Package -> the lines that pin it."""
    entries = re.split(r"\n(?=[A-Za-z0-9])", file.read_text().strip())
    return {entry.split("==")[0]: entry for entry in entries if "==" in entry.split("\n")[0]}


def version(entry: str) -> str:
    return entry.split(maxsplit=1)[0].split("==")[1]


PEERS, OWN = pinned(FOLDER / "requirements.txt"), pinned(ROOT / "requirements.lock")


def test_every_pin_has_its_hashes_and_no_index_is_named() -> None:
    assert len(PEERS) > 20
    assert [name for name, entry in PEERS.items() if "--hash=sha256:" not in entry] == []
    assert not re.search(r"https?://", (FOLDER / "requirements.txt").read_text())


def test_what_headrace_uses_too_is_of_the_same_version() -> None:
    both = PEERS.keys() & OWN.keys()
    assert {"redis", "arq", "aiohttp", "uvloop", "pydantic"} <= both
    assert {name for name in both if version(PEERS[name]) != version(OWN[name])} == set()


@pytest.mark.parametrize("name", ["fastapi", "faststream", "httptools", "uvicorn", "py-spy", "clickhouse-connect"])
def test_what_the_peers_need_is_there_and_is_not_headraces_own(name: str) -> None:
    assert name in PEERS
    assert name == "clickhouse-connect" or name not in OWN
