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


def _pulse(acts: Sequence[Act], env: Mapping[str, str]) -> Request:
    act = acts[0]
    event = {
        "site_id": env["HEADRACE_SITE_ID"],
        "event_type": act.name,
        "timestamp": act.occurred_at,
        "session_id": act.session_id,
        "user_id": act.user_id,
        "url": act.url,
        "referrer": act.referrer,
        "device_type": act.device_type,
        "country": act.country,
        **act.properties,
    }
    return Request("/collect", _once(act, env), orjson.dumps(event))


def _hardal(acts: Sequence[Act], env: Mapping[str, str]) -> Request:
    act = acts[0]
    payload = {
        "website": env["HEADRACE_SITE_ID"],
        "name": act.name,
        "url": act.url,
        "id": act.user_id,
        "title": act.title,
        "referrer": act.referrer,
        "device_type": act.device_type,
        "language": act.language,
        "platform": act.platform,
        "data": act.properties,
    }
    return Request("/push/hardal", _once(act, env), orjson.dumps({"type": "event", "payload": payload}))


def _hardal_db(acts: Sequence[Act], env: Mapping[str, str]) -> Request:
    events = [
        {
            "id": act.key,
            "event_name": act.name,
            "client_id": act.client_id,
            "properties": {**act.properties, "user_id": act.user_id, "url": act.url},
            "created_at": _iso(act),
        }
        for act in acts
    ]
    return Request("/push/server", _bearer(env), orjson.dumps(events))


def _eventbunker(acts: Sequence[Act], env: Mapping[str, str]) -> Request:
    act = acts[0]
    headers = {"x-eventbunker-write-key": env["HEADRACE_WRITE_KEY"], "Idempotency-Key": act.key}
    event = {"event_name": act.name, "timestamp": _iso(act), "customer_identifier": act.user_id, **act.properties}
    return Request("/post", headers, orjson.dumps(event))


def _intake_event(act: Act) -> dict[str, object]:
    return {
        "event_type": act.name,
        "occurred_at": _iso(act),
        "idempotency_key": act.key,
        "user_id": act.user_id,
        "client_id": act.client_id,
        "session_id": act.session_id,
        "url": act.url,
        "title": act.title,
        "referrer": act.referrer,
        "device_type": act.device_type,
        "language": act.language,
        "platform": act.platform,
        "country": act.country,
        "data": act.properties,
    }


def _iso(act: Act) -> str:
    return datetime.fromtimestamp(act.occurred_at / 1000, UTC).isoformat(timespec="milliseconds")


def _once(act: Act, env: Mapping[str, str]) -> dict[str, str]:
    """Headers of a request with one act, whose dialect has no field for its key."""
    return {**_bearer(env), "Idempotency-Key": act.key, "User-Agent": act.user_agent}


def _bearer(env: Mapping[str, str], content_type: str = "application/json") -> dict[str, str]:
    return {"Authorization": f"Bearer {env['HEADRACE_WRITE_KEY']}", "Content-Type": content_type}


ROUTES: tuple[Route, ...] = (
    Route("intake one", batch=1, share=2, build=_intake_one),
    Route("intake array", batch=50, share=3, build=_intake_array),
    Route("intake object", batch=50, share=3, build=_intake_object),
    Route("intake lines", batch=100, share=2, build=_intake_lines),
    Route("pulse", batch=1, share=1, build=_pulse),
    Route("hardal", batch=1, share=1, build=_hardal),
    Route("hardal_db", batch=50, share=1, build=_hardal_db),
    Route("eventbunker", batch=1, share=1, build=_eventbunker),
)
