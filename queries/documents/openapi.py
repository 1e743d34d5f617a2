"""The OpenAPI 3.1 document of both services, made of the route table and the front door's own part. No I/O."""

import importlib.metadata
import re
from collections.abc import Iterable, Mapping, Sequence

from ingest_api import openapi as front_door
from ingest_api.openapi import Json
from ingest_api.projects.keys import Kind
from queries.answer import Error
from queries.entry.browser import COOKIE
from queries.route import Parameter, Route
from queries.streamed import Streamed

_JSON = front_door.JSON
_ABOUT = (
    "Headrace takes events by HTTP, stores them in ClickHouse, and answers questions about them. Lengths are the ones "
    "of an installation whose limits nobody changed. Every path is taken with a slash at its end too."
)
_STATUSES = {
    400: "What was sent is not valid; the answer says what is wrong.",
    401: "The key is missing or not valid, or of another kind.",
    403: "The site or the project is not the key's; or a page of elsewhere asks, or a share link for persons.",
    404: "There is nothing of this name.",
    405: "Another method: `Allow` names those that are taken.",
    408: "The body did not arrive in time.",
    409: "What is stored already stands against it.",
    413: "The body is too large.",
    415: "The body is packed, or no JSON in UTF-8.",
    422: "The question reads too much.",
    429: "Too many questions run now; ask again after `Retry-After` seconds.",
    500: "A fault of the server.",
    503: "Redis or ClickHouse is away; ask again after `Retry-After` seconds.",
}
_SESSION = "session"
_SIGNED_IN = "Of a browser that signed in. Requests that change something must come from a page of this origin."
#: operation -> a body that is right
EXAMPLES: Mapping[str, Json] = {
    "create_project": {"id": "shop", "site_ids": ["shop"], "public_writes": True},
    "change_project": {"origins": ["https://shop.example"], "retention_days": 365},
    "add_site": {"site_id": "blog"},
    "create_key": {"kind": "write", "label": "web shop", "rate": 6000},
    "rotate_key": {"overlap_seconds": 3600},
    "change_key": {"label": "web shop, old"},
    "create_share": {"label": "the board", "expires_at": "2030-01-01T00:00:00Z"},
    "sign_in": {"key": "hr_query_..."},
    "order_erasure": {"user_id": "ada", "dry_run": True},
    "redrive_rejected": {"fingerprint": "9f2c41d07ab3e856"},
    "allow_shard": {"for_seconds": 600},
    "set_schema": {"schema": {"required": ["plan"], "properties": {"plan": {"type": "string"}}}, "mode": "warn"},
    "ask_sql": {"sql": "SELECT name, count() AS n FROM events GROUP BY name ORDER BY n DESC", "format": "csv"},
    "save_query": {"question": {"metrics": ["visitors"], "date_range": "7d"}, "description": "of the last week"},
    "set_alert": {
        "question": {"metrics": ["event_count"], "date_range": "15m"},
        "condition": "below",
        "value": 10,
        "webhooks": ["https://hooks.shop.example/headrace"],
    },
    "check_schema": {"schema": {"required": ["plan"]}, "limit": 500},
    "link_identity": {"user_id": "user_42"},
    "funnel": {
        "steps": [{"event": "page_view", "filters": [["is", "page", ["/pricing"]]]}, {"event": "signup"}],
        "window": "7d",
        "breakdown": "country",
    },
    "retention": {"start": {"event": "signup"}, "interval": "week", "period": "90d", "timezone": "Europe/Berlin"},
    "paths": {"anchor": {"page": "/pricing"}, "direction": "next", "of": "both", "steps": 3},
    "query": {
        "metrics": ["visitors", "p95(properties.price)"],
        "dimensions": ["time:day", "country"],
        "date_range": "30d",
        "timezone": "Europe/Berlin",
        "filters": [["is", "event", ["purchase"]], ["or", [["gte", "properties.price", 10], ["is_set", "user_id"]]]],
        "order_by": [["visitors", "desc"]],
        "include": {"comparison": "previous", "totals": True, "total_rows": True, "time_labels": True},
        "pagination": {"limit": 100},
    },
}
_VARIABLES = {"id": "The project's id.", "site": "The site's id.", "key": "The key's id: its third part."}
_VARIABLES["fingerprint"] = "The fingerprint, as the list has it."
_VARIABLES["shard"] = "The shard's number."
_VARIABLES["query"] = "The name under which it is saved."
_VARIABLES["alert"] = "The alert's name."
_VARIABLES["share"] = "The id of the share's key."
_VARIABLES["erasure"] = "The erasure's id."
#: where the value is a producer's to choose
_PATTERNS = dict.fromkeys(("user", "client_id", "name"), "^[^\\x00-\\x1f\\x7f-\\x9f]{1,1024}$")
_VARIABLES["user"] = "The user's id, as events carry it; what has a meaning in a URL is percent-encoded."
_VARIABLES["client_id"] = "The anonymous id, as events carry it; what has a meaning in a URL is percent-encoded."
_VARIABLES["name"] = "The name of the events; what has a meaning in a URL is percent-encoded."
_VARIABLES["event"] = "The event's id as an answer gave it: `evt_` and 32 digits, the digits alone, or a UUID."


def document(routes: Sequence[Route]) -> Json:
    """The whole document. Where both services have a path, the front door's words stand."""
    own = front_door.paths() | _documents()
    routes = [route for route in routes if route.path not in own]
    paths: Json = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    paths |= own
    types = [kind for route in routes for kind in (route.answer, route.request) if kind not in {None, Streamed}]
    return {
        "openapi": "3.1.0",
        "info": {"title": "Headrace", "version": importlib.metadata.version("headrace"), "description": _ABOUT},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": front_door.components([*types, Error]) | front_door.schemas(),
            "headers": dict(front_door.HEADERS),
            "securitySchemes": {
                **front_door.security_schemes(),
                **{_scheme(kind): _key(kind) for kind in _kinds(routes)},
                _SESSION: {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": _SIGNED_IN},
            },
        },
    }


def _operation(route: Route) -> Json:
    operation: Json = {
        "operationId": route.name,
        "tags": [_tag(route)],
        "summary": route.summary,
        "security": [{name: []} for name in (*map(_scheme, sorted(route.kinds)), _SESSION) if route.kinds],
        "parameters": [*_variables(route.path), *map(_parameter, route.parameters)],
        "responses": {str(route.status): _done(route), **_errors(route)},
    }
    if route.request is not None:
        content: Json = {"schema": front_door.schema(route.request)}
        if route.name in EXAMPLES:
            content["example"] = EXAMPLES[route.name]
        operation["requestBody"] = {"required": True, "content": {_JSON: content}}
    return operation


def _done(route: Route) -> Json:
    if not route.media:
        return front_door.response("Done.", route.answer)
    headers = {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}}
    content = {media_type: {"schema": {} if media_type == _JSON else {"type": "string"}} for media_type in route.media}
    return {"description": "Sent while it is made.", "headers": headers, "content": content}


def _errors(route: Route) -> Json:
    statuses = [405, 500, *_refusals(route)]
    if route.needs is Kind.QUERY:
        statuses += [422, 429]
    if route.request is not None:
        statuses += [400, 408, 413, 415]
    if route.parameters:
        statuses += [400, 422]
    named = {parameter.name for parameter in route.parameters}
    if route.needs is not Kind.ADMIN:  # whose project may be any
        named |= set(getattr(route.request, "__struct_fields__", ()))
    if named & {"site_id", "project"}:
        statuses.append(403)
    if "{" in route.path:
        statuses.append(404)
    if (route.needs in {Kind.ADMIN, Kind.DELETE} and route.method != "GET") or route.method == "PUT":
        statuses += [400, 409]
    more = {405: ("Allow",), 429: ("Retry-After",), 503: ("Retry-After",)}
    return {
        str(status): front_door.response(_STATUSES[status], Error, headers=more.get(status, ()))
        for status in sorted(set(statuses))
    }


def _refusals(route: Route) -> list[int]:
    """Of who asks: without a key, from a page of elsewhere, of persons with a share link. Keys are in Redis."""
    statuses = [401, 503] if route.needs is not None else [503] if _signs(route) else []
    if route.method != "GET" or Kind.SHARE in route.kinds:
        statuses.append(403)
    if _signs(route) and route.request is not None:
        statuses += [401, 404]
    return statuses


def _signs(route: Route) -> bool:
    """Whether it is one of the session's, which need no key."""
    return route.needs is None and route.path.startswith("/api/")


def _parameter(parameter: Parameter) -> Json:
    schema: Json = {"type": "integer" if parameter.type is int else "string"}
    if parameter.choices:
        schema["enum"] = list(parameter.choices)
    if parameter.default:
        schema["default"] = int(parameter.default) if parameter.type is int else parameter.default
    return {"name": parameter.name, "in": "query", "description": parameter.description, "schema": schema}


def _variables(path: str) -> list[Json]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": _VARIABLES[name],
            "schema": {"type": "string", "pattern": _PATTERNS.get(name, "^[A-Za-z0-9._-]{1,127}$")},
        }
        for name in re.findall(r"{(\w+)}", path)
    ]


def _documents() -> Json:
    """The two routes that serve this document."""
    headers = {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}}
    kinds = {
        "/openapi.json": ("This document", _JSON, "object"),
        "/reference": ("The same to read", "text/html", "string"),
    }
    return {
        path: {
            "get": {
                "operationId": path.strip("/").replace(".", "_"),
                "tags": ["Documents"],
                "summary": summary,
                "security": [],
                "responses": {
                    "200": {
                        "description": "The document.",
                        "headers": headers,
                        "content": {media_type: {"schema": {"type": kind}}},
                    },
                    "304": {"description": "It is the one that `If-None-Match` names.", "headers": headers},
                    "405": front_door.response(_STATUSES[405], Error, headers=("Allow",)),
                },
            }
        }
        for path, (summary, media_type, kind) in kinds.items()
    }


def _tag(route: Route) -> str:
    names = {Kind.QUERY: "Questions", Kind.ADMIN: "Projects and keys", Kind.DELETE: "People"}
    return names[route.needs] if route.needs in names else "Signing in" if _signs(route) else "Health"


def _kinds(routes: Iterable[Route]) -> list[Kind]:
    return sorted({kind for route in routes for kind in route.kinds})


def _scheme(kind: Kind) -> str:
    return f"{kind}_key"


def _key(kind: Kind) -> Json:
    return {"type": "http", "scheme": "bearer", "description": f"Of the kind {kind}: hr_{kind}_..."}
