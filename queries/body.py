"""Body -> the struct that a route asks for: how it is packed and written, and every field that is wrong."""

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from ingest_api.errors import Detail
from ingest_api.projects.project import detail
from queries.errors import Refused

_JSON = "application/json"
#: what `curl -d` says of everything
_CURL = "application/x-www-form-urlencoded"

T = TypeVar("T", bound=msgspec.Struct)


def check_headers(headers: Mapping[str, str]) -> None:
    """Refuse what is not plain JSON in UTF-8 before it is read. No type at all is taken for JSON."""
    if headers.get("Content-Encoding", "identity").strip().lower() not in {"identity", ""}:
        raise Refused(415, "Send the body unpacked: no Content-Encoding is taken here.")
    kind, _, rest = headers.get("Content-Type", _JSON).lower().partition(";")
    charset = rest.partition("charset=")[2].partition(";")[0].strip().strip('"')
    if kind.strip() not in {_JSON, _CURL} or charset not in {"", "utf-8", "utf8"}:
        raise Refused(415, "Send the body as JSON in UTF-8, with Content-Type: application/json.")


def read(body: bytes, kind: type[T]) -> T:
    """An empty body stands for `{}`. Raises `Refused` with every field that is missing, unknown or of a wrong type."""
    body = body.strip() or b"{}"
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        details = _wrong(body, kind) or [Detail("", str(error))]
        message = "; ".join(f"{one.field}: {one.message}" if one.field else one.message for one in details)
        raise Refused(400, message, details) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(400, f"The body is not JSON: {error}.") from error
    except RecursionError as error:
        raise Refused(400, "The body is nested too deep.") from error


def _wrong(body: bytes, kind: type[msgspec.Struct]) -> list[Detail]:
    """msgspec stops at the first field that is wrong; people want to hear of all."""
    try:
        given = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except msgspec.ValidationError:
        return []
    except RecursionError as error:
        raise Refused(400, "The body is nested too deep.") from error
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    wrong = [Detail(name[:100], f"is not known here; known: {', '.join(fields)}") for name in given.keys() - fields]
    for name, field in fields.items():
        if name not in given:
            if field.required:
                wrong.append(Detail(name, "is required"))
            continue
        try:
            msgspec.json.decode(given[name], type=field.type)
        except msgspec.ValidationError as error:
            wrong.append(detail(name, error))
    return wrong
