"""What is shipped, of what is installed here."""

import tomllib
from importlib.metadata import PackageNotFoundError

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.supply import shipped
from tests.house import tree


def names(requirements: list[str]) -> set[str]:
    here = [one for one in map(Requirement, requirements) if one.marker is None or one.marker.evaluate()]
    return {canonicalize_name(one.name) for one in here}


def test_the_services_ship_what_they_need_and_what_that_needs_and_no_tools() -> None:
    project = tomllib.loads((tree.ROOT / "pyproject.toml").read_text())["project"]
    found = shipped.packages()
    assert names(project["dependencies"]) <= found
    assert {"hiredis", "pydantic", "yarl"} <= found, "needed by what is needed, also by an extra"
    assert names(project["optional-dependencies"]["dev"]) & found <= {"requests"}, "apprise needs requests"
    assert shipped.PROJECT not in found


def test_what_is_not_installed_cannot_be_listed() -> None:
    with pytest.raises(PackageNotFoundError):
        shipped.packages("headrace-of-nobody")
