"""The wheel: the same bytes from the same files, with the built page and nothing that was only needed to build it."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.house import tree

#: the page and the tracker, which are not in git
BUILT = ("queries/web/assets/index.html", "ingest_api/assets/tracker.js")
#: sources of assets, maps back to them, tools, caches
NEVER = (
    "node_modules/",
    "clients/js/",
    "clients/web/",
    "tests/",
    ".map",
    ".ts",
    ".tsx",
    ".pyc",
    ".headrace/",
    "secrets/",
)


def build(folder: Path, project: Path = tree.ROOT) -> Path:
    """A wheel of this checkout, as `make wheel` builds it, or of another folder."""
    command = [str(Path(sys.executable).with_name("hatchling")), "build", "-t", "wheel", "-d", str(folder)]
    environ = {**os.environ, "SOURCE_DATE_EPOCH": "1790000000"}
    subprocess.run(command, cwd=project, env=environ, capture_output=True, timeout=120, check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


def test_two_builds_have_equal_bytes(wheel: Path, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        again = build(tmp_path)
    finally:
        os.umask(before)
    assert again.read_bytes() == wheel.read_bytes()
    assert {one.date_time[0] for one in zipfile.ZipFile(wheel).infolist()} == {2026}


def test_everything_that_runs_is_in_it(names: set[str]) -> None:
    code = {
        str(path) for path in tree.files() if path.parts[0] in tree.PACKAGES and path.suffix in {".py", ".lua", ".sql"}
    }
    assert code - names == set()
    assert "deploy/logging.json" in names


def test_nothing_is_in_it_that_only_builds_or_tests(names: set[str]) -> None:
    assert {name for name in names if any(part in name for part in NEVER)} == set()


def test_passwords_of_an_installation_are_not_packed(tmp_path: Path) -> None:
    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(tree.ROOT / name, tmp_path)
    for package in tree.PACKAGES:
        (tmp_path / package).mkdir()
    (tmp_path / "deploy/secrets").mkdir()
    (tmp_path / "deploy/secrets/redis_admin").write_text("planted")  # as deploy/secrets.sh writes it
    (tmp_path / "deploy/__init__.py").touch()
    names = zipfile.ZipFile(build(tmp_path / "wheel", tmp_path)).namelist()
    assert "deploy/__init__.py" in names
    assert [name for name in names if "secrets" in name] == []


@pytest.mark.parametrize("asset", BUILT)
def test_what_was_built_is_in_it(names: set[str], asset: str) -> None:
    if not (tree.ROOT / asset).exists():
        pytest.skip(f"{asset} is not built here: make assets")
    assert asset in names
    folder = tree.ROOT / Path(asset).parent
    assert {str(path.relative_to(tree.ROOT)) for path in folder.rglob("*") if path.is_file()} <= names
