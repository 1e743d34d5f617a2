"""The files of the project, as git knows them or would add them, and what they import."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("ingest_api", "workers", "queries", "deploy", "clients")


@cache
def files() -> tuple[PurePosixPath, ...]:
    """Every file, relative to the root. Skips the test where the project is not a git checkout."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"the house rules are checked in a git checkout: {error}")
    return tuple(PurePosixPath(name) for name in sorted(listed.split("\0")) if name and (ROOT / name).is_file())


def python(*folders: str) -> list[PurePosixPath]:
    """Python files below these top-level folders; below all of them without an argument."""
    wanted = folders or (*PACKAGES, "tests")
    return [path for path in files() if path.suffix == ".py" and path.parts[0] in wanted]


def read(path: PurePosixPath) -> str:
    """The text of a file."""
    return (ROOT / path).read_text()


@cache
def parse(path: PurePosixPath) -> ast.Module:
    """The syntax tree of a Python file."""
    return ast.parse(read(path), str(path))


def module(path: PurePosixPath) -> str:
    """The dotted name of a Python file."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(code: ast.AST) -> Iterator[str]:
    """The dotted name of everything that code imports, inside functions too; `from a import b` gives `a.b`."""
    for node in ast.walk(code):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
