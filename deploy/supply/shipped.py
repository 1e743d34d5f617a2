"""Shipped: the packages that the services need to run, as they are installed here; tools and tests are left out."""

from collections.abc import Iterator
from importlib.metadata import requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = "headrace"


def packages(project: str = PROJECT) -> frozenset[str]:
    """Names, in PyPI's spelling, of what a project needs and what that needs, without the project itself."""
    found: set[tuple[str, frozenset[str]]] = set()
    waiting = [(project, frozenset[str]())]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += _needed(*one)
    return frozenset(name for name, _ in found) - {project}


def _needed(name: str, extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    for text in requires(name) or []:
        need = Requirement(text)
        if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield canonicalize_name(need.name), frozenset(need.extras)
