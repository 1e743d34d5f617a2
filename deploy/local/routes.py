"""How a route of the front door is told what visitors did: the table ROUTES, one row a route."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import msgspec
import orjson

from deploy.local.traffic import Act


class Request(msgspec.Struct, frozen=True):
    """One POST."""

    path: str
    headers: Mapping[str, str]
    body: bytes


class Route(msgspec.Struct, frozen=True):
    """One way to send. `build` takes acts and the variables of demo.env."""

    name: str
    #: acts in one request
    batch: int
    #: part of all acts that go this way, relative to the other rows
    share: int
    build: Callable[[Sequence[Act], Mapping[str, str]], Request]


def plan(acts: Sequence[Act], routes: Sequence[Route]) -> Iterator[tuple[Route, Sequence[Act]]]:
    """Deal the acts out to the routes by their shares, cut into requests. Every act goes exactly one way."""
    total = sum(route.share for route in routes)
    begin = dealt = 0
    for route in routes:
        dealt += route.share
        end = len(acts) * dealt // total
        for first in range(begin, end, route.batch):
            yield route, acts[first : min(first + route.batch, end)]
        begin = end


def _intake_one(acts: Sequence[Act], env: Mapping[str, str]) -> Request:
    headers = {**_bearer(env), "User-Agent": acts[0].user_agent}
    return Request("/v1/events", headers, orjson.dumps(_intake_event(acts[0])))


def _intake_array(acts: Sequence[Act], env: Mapping[str, str]) -> Request:
    return Request("/v1/events", _bearer(env), orjson.dumps([_intake_event(act) for act in acts]))


def _intake_object(acts: Sequence[Act], env: Mapping[str, str]) -> Request:
    return Request("/v1/events", _bearer(env), orjson.dumps({"events": [_intake_event(act) for act in acts]}))


def _intake_lines(acts: Sequence[Act], env: Mapping[str, str]) -> Request:
    body = b"".join(orjson.dumps(_intake_event(act)) + b"\n" for act in acts)
    return Request("/v1/events", _bearer(env, "application/x-ndjson"), body)


def _intake_event(act: Act) -> dict[str, object]:
    return {
        "event_type": act.name,
        "occurred_at": datetime.fromtimestamp(act.occurred_at / 1000, UTC).isoformat(timespec="milliseconds"),
        "idempotency_key": act.key,
        "user_id": act.user_id,
        "client_id": act.client_id,
        "session_id": act.session_id,
        "url": act.url,
        "referrer": act.referrer,
        "data": {
            **act.properties,
            "title": act.title,
            "device_type": act.device_type,
            "platform": act.platform,
            "country": act.country,
            "language": act.language,
        },
    }


def _bearer(env: Mapping[str, str], content_type: str = "application/json") -> dict[str, str]:
    return {"Authorization": f"Bearer {env['HEADRACE_WRITE_KEY']}", "Content-Type": content_type}


ROUTES: tuple[Route, ...] = (
    Route("intake one", batch=1, share=2, build=_intake_one),
    Route("intake array", batch=50, share=3, build=_intake_array),
    Route("intake object", batch=50, share=3, build=_intake_object),
    Route("intake lines", batch=100, share=2, build=_intake_lines),
)
