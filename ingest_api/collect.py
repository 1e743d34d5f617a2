"""The one handler of every dialect: who asks, what do they say, is it right, write it, answer."""

import itertools
import logging
import os
import secrets
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web
from redis.exceptions import RedisError

from ingest_api import moment, telemetry
from ingest_api.access import Access
from ingest_api.dialect import Dialect, Outcome, Parsed, Reply, Result, Verdict
from ingest_api.errors import Reason, Refusal, Refused, Unavailable
from ingest_api.front_door import FrontDoor
from ingest_api.keys import Kind
from ingest_api.normalise import Context, Stamped, normalise
from ingest_api.projects import Project
from ingest_api.request import RawRequest, read_body

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_REQUEST_PREFIX = secrets.token_hex(6)
_request_numbers = itertools.count(1)


def collector(front_door: FrontDoor, dialect: Dialect) -> Handler:
    """The aiohttp handler that takes events in one dialect."""

    async def collect(request: web.Request) -> web.StreamResponse:
        try:
            reply = await _take(front_door, dialect, request)
        except Refused as refused:
            telemetry.REFUSALS.labels(dialect.name, refused.reason).inc()
            reply = dialect.refuse(refused)
        except Unavailable as unavailable:
            telemetry.REFUSALS.labels(dialect.name, Reason.UNAVAILABLE).inc()
            reply = dialect.unavailable(unavailable)
        except (RedisError, OSError) as error:
            log.warning("Redis does not answer", extra={"action": "collect", "why": str(error)})
            reply = dialect.unavailable(Unavailable("The queue does not answer. Send this again in a moment."))
        except Exception:
            log.exception("a request failed", extra={"action": "collect", "dialect": dialect.name})
            reply = dialect.refuse(Refused(Reason.INTERNAL, "Something failed here; it is in the log."))
        return _respond(dialect, reply)

    return collect


async def _take(front_door: FrontDoor, dialect: Dialect, request: web.Request) -> Reply:
    access = await _admit(front_door, dialect.token(request.headers))
    body = await read_body(request, front_door.settings)
    raw = RawRequest(
        request.headers,
        request.query if request.query_string else {},
        request.path,
        request.content_type,
        body,
        moment.now_ms(),
        request.remote or "",
        request.headers.get("User-Agent", ""),
    )
    parsed = dialect.parse(raw, front_door.settings.max_batch_events)
    if access.project is None:
        raise Refused(Reason.WRONG_KIND, "This key belongs to no project.")
    stamped = _stamp(front_door, dialect, access.project, raw, parsed)
    results = await _write(front_door, stamped, check_only=raw.query.get("validate") == "1")
    _count(dialect.name, results)
    return dialect.reply(Outcome(results, parsed.single, raw.received_at))


async def _admit(front_door: FrontDoor, token: str) -> Access:
    access = front_door.directory.cached(token) or await front_door.directory.find(token)
    if access is None:
        raise Refused(Reason.UNAUTHORIZED, "The key is missing or not valid. Send a write key of your project.")
    if Kind.WRITE not in access.kinds:
        raise Refused(Reason.WRONG_KIND, "This key cannot write events. Send a write key of your project.")
    return access


def _stamp(
    front_door: FrontDoor, dialect: Dialect, project: Project, raw: RawRequest, parsed: Parsed
) -> list[Stamped | Refusal]:
    settings = front_door.settings
    context = Context(
        project,
        dialect.name,
        raw.received_at,
        raw.ip,
        raw.user_agent,
        settings.max_event_bytes,
        settings.past_days,
        settings.future_hours,
    )
    request_key = raw.headers.get("Idempotency-Key", "")
    random = os.urandom(10 * len(parsed.items))
    stamped: list[Stamped | Refusal] = []
    for index, item in enumerate(parsed.items):
        if isinstance(item, Refusal):
            stamped.append(item)
            continue
        if request_key and not item.key:
            item.key = f"{request_key}:{index}"
        stamped.append(normalise(item, context, random[10 * index : 10 * index + 10]))
    return stamped


async def _write(
    front_door: FrontDoor, stamped: Sequence[Stamped | Refusal], *, check_only: bool
) -> list[Result | Refusal]:
    entries = [item for item in stamped if isinstance(item, Stamped)]
    if not entries:
        verdicts = []
    elif check_only:
        verdicts = [Verdict.VALID] * len(entries)
    else:
        verdicts = await front_door.appender.append(entries)
    written = zip(entries, verdicts, strict=True)
    results: list[Result | Refusal] = []
    for item in stamped:
        if isinstance(item, Refusal):
            results.append(item)
        else:
            entry, verdict = next(written)
            results.append(Result(entry.event.event_id, verdict))
    return results


def _count(dialect: str, results: Sequence[Result | Refusal]) -> None:
    outcomes: dict[str, int] = {}
    for result in results:
        if isinstance(result, Refusal):
            telemetry.REFUSALS.labels(dialect, result.reason).inc()
            outcome = "refused"
        else:
            outcome = result.verdict.name.lower()
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    for outcome, count in outcomes.items():
        telemetry.EVENTS.labels(dialect, outcome).inc(count)


def _respond(dialect: Dialect, reply: Reply) -> web.Response:
    telemetry.REQUESTS.labels(dialect.name, reply.status).inc()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "X-Request-Id": f"{_REQUEST_PREFIX}{next(_request_numbers):08x}",
    }
    if reply.headers:
        headers.update(reply.headers)
    return web.Response(status=reply.status, body=reply.body, headers=headers)
