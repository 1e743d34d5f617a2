"""Do not track: what is left of an event when its visitor asks for that, before anything of it is written."""

from collections.abc import Mapping

import msgspec

from ingest_api.event import Draft
from ingest_api.rules import properties

#: fields that tell one visitor from another
_WHO = ("user_id", "client_id", "session_id", "ip", "user_agent")
#: the same among the properties, where dialects look for them
_NAMES = frozenset(_WHO)

_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode = msgspec.json.Encoder().encode


def asked(headers: Mapping[str, str]) -> bool:
    """Whether a request carries `Sec-GPC: 1` or `DNT: 1`."""
    return headers.get("Sec-GPC") == "1" or headers.get("DNT") == "1"


def forget(draft: Draft) -> None:
    """Take out who it was. Of an `identify` nothing is left but that it happened: all it says is of a person."""
    for name in _WHO:
        setattr(draft, name, "")
    draft.properties = properties.EMPTY if draft.kind == "identify" else _others(draft.properties)


def _others(given: bytes) -> bytes:
    """Properties but those that name the visitor, each as it was sent; what cannot be read is refused later."""
    try:
        found = _decode(given)
    except (msgspec.MsgspecError, RecursionError):
        return given
    kept = {name: value for name, value in found.items() if name not in _NAMES}
    return _encode(kept) if len(kept) < len(found) else given
