"""Small bans that no linter of ours has, each with a sentence why."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import PurePosixPath

import pytest

from tests.house import tree

MAX_SLEEP = 0.2


@dataclass(frozen=True)
class Ban:
    """What is not written where, and why. `sample` is what the ban must see."""

    why: str
    where: tuple[str, ...]
    sees: Callable[[ast.AST], bool]
    sample: str
    but: tuple[str, ...] = ()

    def applies(self, path: PurePosixPath) -> bool:
        return any(fnmatch(str(path), pattern) for pattern in self.where) and str(path) not in self.but


def _prints(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"


def _catches_all(node: ast.AST) -> bool:
    return isinstance(node, ast.ExceptHandler) and node.type is None


def _mocks(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        names = [f"{node.module}.{alias.name}" for alias in node.names]
    elif isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    else:
        return False
    return any(name.startswith(("unittest.mock", "mock.")) or name == "mock" for name in names)


def _replaces(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and node.attr in {"setattr", "setitem"}
        and isinstance(node.value, ast.Name)
        and node.value.id == "monkeypatch"
    )


def _sleeps(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    seconds = node.args[0].value
    return name == "sleep" and isinstance(seconds, int | float) and seconds > MAX_SLEEP


BANS = [
    Ban(
        "a service speaks through its log",
        ("ingest_api/*", "workers/*", "queries/*"),
        _prints,
        "print('here')",
        (
            "workers/health.py",
            "workers/migrate.py",
        ),
    ),
    Ban("a bare except swallows cancellation", ("*",), _catches_all, "try:\n  pass\nexcept:\n  pass"),
    Ban("tests use real parts", ("tests/*",), _mocks, "from unittest import mock"),
    Ban("tests use real parts", ("tests/*",), _replaces, "monkeypatch.setattr(time, 'time', now)"),
    Ban("wait for a condition with a deadline", ("tests/*",), _sleeps, "asyncio.sleep(0.3)"),
]


def seen(ban: Ban, code: ast.AST) -> Iterator[int]:
    """Line numbers of what the ban forbids."""
    return (getattr(node, "lineno", 0) for node in ast.walk(code) if ban.sees(node))


@pytest.mark.parametrize("ban", BANS, ids=lambda ban: ban.sees.__name__)
def test_nothing_banned_is_written(ban: Ban) -> None:
    paths = [path for path in tree.python() if ban.applies(path)]
    assert [f"{path}:{line} {ban.why}" for path in paths for line in seen(ban, tree.parse(path))] == []
    assert paths, "the ban covers no file"


@pytest.mark.parametrize("ban", BANS, ids=lambda ban: ban.sees.__name__)
def test_a_ban_sees_what_it_forbids_and_nothing_else(ban: Ban) -> None:
    fine = "log.info('x')\ntry:\n  asyncio.sleep(0.05)\nexcept OSError:\n  monkeypatch.setenv('A', 'b')"
    assert list(seen(ban, ast.parse(ban.sample)))
    assert not list(seen(ban, ast.parse(fine)))
