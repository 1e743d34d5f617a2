"""docs/SECURITY.md: each claim names a test that is there; what is fetched to build is fetched by hash."""

import ast
import json
import re
from functools import cache
from pathlib import PurePosixPath

import pytest

from tests.house import tree

PAGE = PurePosixPath("docs/SECURITY.md")
TOOLS = PurePosixPath("deploy/supply/tools.lock")
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


@cache
def functions(file: str) -> frozenset[str]:
    """The names of the tests in a file; none where there is no such file."""
    if PurePosixPath(file) not in tree.files():
        return frozenset()
    code = ast.walk(tree.parse(PurePosixPath(file)))
    return frozenset(node.name for node in code if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def missing(text: str) -> list[str]:
    """Tests that a text names and that are not there."""
    return [f"{file}::{name}" for file, name in _NAMED.findall(text) if name not in functions(file)]


def claims(text: str) -> list[str]:
    """Rows of the tables of belts."""
    part = text.partition("## What stops it")[2].partition("## Out of scope")[0]
    return [row for row in re.findall(r"^\| (.+) \|$", part, flags=re.MULTILINE) if row != "belt | test"]


def test_every_claim_names_a_test_that_is_there() -> None:
    text = tree.read(PAGE)
    assert [claim for claim in claims(text) if not _NAMED.search(claim)] == []
    assert len(claims(text)) > 30
    assert missing(text) == []


def test_a_test_that_is_gone_is_missed() -> None:
    assert missing("`tests/house/test_security.py::test_of_nobody` `tests/gone.py::test_x`") == [
        "tests/house/test_security.py::test_of_nobody",
        "tests/gone.py::test_x",
    ]
    assert missing("`tests/house/test_security.py::test_a_test_that_is_gone_is_missed`") == []


def test_the_tools_are_locked_by_hash_too() -> None:
    pinned = re.split(r"\n(?=[A-Za-z0-9])", tree.read(TOOLS).strip())
    assert {"pip-audit", "cyclonedx-bom"} <= {entry.partition("==")[0] for entry in pinned}
    assert [entry.split()[0] for entry in pinned if "--hash=sha256:" not in entry] == []
    assert "://" not in tree.read(TOOLS)


@pytest.mark.parametrize("folder", ["clients/web", "clients/js"])
def test_npm_installs_by_hash_and_runs_no_scripts(folder: str) -> None:
    assert "ignore-scripts=true" in tree.read(PurePosixPath(folder, ".npmrc")).split()
    packages = json.loads(tree.read(PurePosixPath(folder, "package-lock.json")))["packages"]
    fetched = {name: package for name, package in packages.items() if name}
    assert [name for name, package in fetched.items() if not package.get("integrity", "").startswith("sha512-")] == []
    assert [name for name, package in fetched.items() if "resolved" in package] == []
    assert fetched
