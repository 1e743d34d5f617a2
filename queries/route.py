"""Route: one thing that can be asked of the service, with all that a reader or a document must know of it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ingest_api.access import Access
from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Project
from queries.entry.browser import Browser

#: a schema of its largest size, and what is around it
MAX_BYTES = 80 * 1024


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a query string. `queries/request.py` checks them."""

    name: str
    type: type
    description: str
    default: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Headed:
    """An answer with headers of its own, and another status than its route's where one is given."""

    document: object
    headers: Mapping[str, str]
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One request after its key was checked and its body read."""

    access: Access | None
    #: values of the path's braces
    path: Mapping[str, str]
    query: Mapping[str, str]
    #: an instance of the route's request type, or None
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    browser: Browser = field(default_factory=Browser)

    @property
    def project(self) -> Project:
        """The project of the key. Only routes for keys of a project ask."""
        if self.access is None or self.access.project is None:
            raise RuntimeError("this route lets in a key without a project")
        return self.access.project


@dataclass(frozen=True, slots=True)
class Route:
    """`path` has its variables in braces. Without `needs` the route is open to everybody."""

    method: str
    path: str
    #: takes the service, which this leaf does not know
    run: Callable[[Any, Call], Awaitable[object]]
    #: the type of the answer when all went well
    answer: Any
    summary: str
    needs: Kind | None = None
    #: the type of the body
    request: type[msgspec.Struct] | None = None
    parameters: tuple[Parameter, ...] = ()
    status: int = 200
    #: other kinds of keys that open it too
    also: tuple[Kind, ...] = ()
    #: nothing is changed by it: it ends when the client goes. So does every GET
    reads: bool = False
    #: largest body
    max_bytes: int = MAX_BYTES
    #: content types of an answer that is `Streamed`
    media: tuple[str, ...] = ()

    @property
    def kinds(self) -> frozenset[Kind]:
        """The kinds of keys that open it; none where it is open to everybody."""
        return frozenset() if self.needs is None else frozenset((self.needs, *self.also))

    @property
    def name(self) -> str:
        """As the metrics call it."""
        return self.run.__name__
