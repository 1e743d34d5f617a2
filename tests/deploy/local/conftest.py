"""An empty home, small parts to put into it, and one real stack for all tests that leave it whole."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.home import Home
from deploy.local.running import RunningStack, running
from tests.deploy.local.small_parts import MakeSpec


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home."""
    home = Home(tmp_path / "home")
    home.make()
    return home


@pytest.fixture
def spec(tmp_path: Path) -> MakeSpec:
    """Makes specs of small parts."""
    folder = tmp_path / "served"
    folder.mkdir()
    return MakeSpec(folder)


@pytest.fixture(scope="session")
def local_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A real stack with two workers and two front doors. Tests may kill its parts, and wait until they are back."""
    environ = {"HEADRACE_LOCAL_WORKERS": "2", "HEADRACE_LOCAL_INGEST_PROCESSES": "2"}
    with running(tmp_path_factory.mktemp("stack") / "home", environ) as stack:
        yield stack
