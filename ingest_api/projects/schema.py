"""Schema: the JSON Schema that a project's events of one name are held to, as it is stored. Leaf, no I/O."""

from typing import Literal

import msgspec

#: how the reason begins for which an event is rejected
REJECTED = "schema: "

#: what becomes of an event that is not so: it is stored and flagged, or set aside
Mode = Literal["warn", "reject"]


class Schema(msgspec.Struct, frozen=True):
    """A schema as it is stored."""

    #: JSON
    text: str
    mode: Mode
    #: counts up with every change of this schema
    version: int
    #: Unix milliseconds by Redis's clock. It holds for events that were appended from then on: a batch that comes
    #: again after a change is judged as it was the first time.
    changed_at: int
