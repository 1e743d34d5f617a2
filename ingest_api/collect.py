"""The one handler of every dialect: who asks, what do they say, is it right, write it, answer."""

import itertools
import logging
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import cast

from aiohttp import web
from aiohttp.hdrs import CONTENT_ENCODING, ORIGIN, USER_AGENT
from redis.exceptions import RedisError

from ingest_api import moment, telemetry
from ingest_api.access import Directory
from ingest_api.dialect import Dialect, Outcome, Parsed, Reply, Verdict
from ingest_api.errors import Reason, Refusal, Refused, Unavailable
from ingest_api.front_door import FrontDoor
from ingest_api.http import origin
from ingest_api.http.answer import Answer
from ingest_api.http.client_address import client_address
from ingest_api.http.connection import Connection
from ingest_api.http.request import RawRequest, arrived, read_rest, unpacked
from ingest_api.http.request_id import next_id
from ingest_api.placing import Places, verdict
from ingest_api.projects.projects import Project
from ingest_api.rules import do_not_track
from ingest_api.rules.normalise import Context, Stamped, window
from ingest_api.rules.stamp import stamp
from ingest_api.sender import Sender, by_key, by_site, spend
from ingest_api.settings import Settings
from ingest_api.traces import traced, tracing
from ingest_api.wish import NOTHING, Wish, wish

log = logging.getLogger(__name__)

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

_Items = Sequence[Stamped | Refusal]

#: what became of an event, as the metrics call it
_NAMES = [one.name.lower() for one in Verdict]
_NEW = Verdict.NEW  # in Python 3.11 members are slow to find on their class
_NO_QUERY: Mapping[str, str] = {}
#: RFC 9562 6.2: counted up from a random start, so that ids of one millisecond stay apart across processes too
_event_numbers = itertools.count(secrets.randbits(74))


def collector(front_door: FrontDoor, dialect: Dialect) -> Handler:
    """The aiohttp handler that takes events in one dialect."""

    async def collect(request: web.BaseRequest) -> web.StreamResponse:
        page = request._message.headers.get(ORIGIN)
        headers = {} if page is None else dict(origin.OPEN)  # that every answer to this request carries
        try:
            reply = await _take(front_door, dialect, request, page, headers)
        except Refused as refused:
            telemetry.REFUSALS.add(dialect.name, refused.reason)
            reply = dialect.refuse(refused)
        except Unavailable as unavailable:
            telemetry.REFUSALS.add(dialect.name, unavailable.reason)
            reply = dialect.unavailable(unavailable)
        except (RedisError, OSError) as error:
            log.warning("Redis does not answer", extra={"action": "collect", "why": str(error)})
            reply = dialect.unavailable(Unavailable("The queue does not answer. Send this again in a moment."))
        except Exception:
            log.exception("a request failed", extra={"action": "collect", "dialect": dialect.name})
            reply = dialect.refuse(Refused(Reason.INTERNAL, "Something failed here; it is in the log."))
        return _respond(dialect, reply, headers)

    return collect


async def _take(
    front_door: FrontDoor,
    dialect: Dialect,
    request: web.BaseRequest,
    page: str | None,
    answer_headers: dict[str, str],
) -> Reply:
    directory, settings = front_door.directory, front_door.settings
    token, sender, count = dialect.token(request._message.headers), None, 1
    try:
        if token or not dialect.public:
            sender = by_key(directory.cached(token) or await directory.find(token), page)
        if dialect.rank <= front_door.pressure.shed:
            raise front_door.pressure.refusal()
        body = arrived(request)
        if body is None:
            body = await read_rest(request, settings)
        if (turn := front_door.entrance.enter(len(body))) is not None:
            await turn
        raw = _raw(request, body, settings)
        asked = wish(raw.query, waits=dialect.waits)
        parsed = dialect.parse(raw, settings.max_batch_events)
        count = len(parsed.items)
        if sender is None or parsed.site_id:
            sender = await _at_site(directory, sender, parsed, page)
        if sender.rate:
            await spend(front_door.limiter, sender, count, answer_headers)
        stamped = _stamp(front_door, dialect, sender.project, raw, parsed)
        body = raw.body = b""  # neither it nor the drafts are needed while Redis writes
        parsed.items = ()
        outcome = Outcome((), parsed.single, raw.received_at, front_door.durability)
        if len(stamped) == 1 and asked is NOTHING and isinstance(one := stamped[0], Stamped):  # as most requests are
            one.verdict = verdict(await front_door.appender.append_one(one))
            telemetry.EVENTS.add(dialect.name, _NAMES[one.verdict])
            outcome.results = (one,)
        else:
            patient = not cast("Connection", request.protocol).hurried
            await _fill(outcome, front_door, dialect, sender.project, stamped, asked=asked, patient=patient)
        return dialect.reply(outcome)
    except (Refused, Unavailable) as why:
        if sender is not None:  # the ledger of a project; whoever has no key has none
            front_door.refusals.add(moment.now_ms(), sender.project.id, why.reason, count)
        raise


def _raw(request: web.BaseRequest, body: bytes, settings: Settings) -> RawRequest:
    message = request._message
    headers = message.headers
    return RawRequest(
        headers,
        message.url.query if "?" in message.path else _NO_QUERY,
        message.url.raw_path,
        unpacked(body, headers.get(CONTENT_ENCODING), settings),
        moment.now_ms(),
        client_address(request, settings),
        _readable(headers.get(USER_AGENT)),
    )


async def _at_site(directory: Directory, sender: Sender | None, parsed: Parsed, page: str | None) -> Sender:
    """Who sends for this site: whoever has a key of its project, or anybody where the project allows that."""
    if sender is None:
        if parsed.token:
            return by_key(await directory.find(parsed.token), page)
        return by_site(await directory.site(parsed.site_id), page)
    if parsed.site_id not in sender.project.site_ids:
        raise Refused(Reason.UNKNOWN_SITE, "The site is not known.")
    return sender


def _readable(header: str | None) -> str:
    """A header as text that can be encoded: aiohttp carries bytes that are not UTF-8 as lone surrogates."""
    if header is None or header.isascii():
        return header or ""
    return header.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _stamp(
    front_door: FrontDoor, dialect: Dialect, project: Project, raw: RawRequest, parsed: Parsed
) -> list[Stamped | Refusal]:
    if tracing.process.tracer is not None:
        traced.admit(keyed=bool(dialect.token(raw.headers) or parsed.token), events=len(parsed.items))
    limits, received_at = front_door.limits, raw.received_at
    earliest, latest = window(project, limits, received_at, recent_only=dialect.recent_only)
    context = Context(project, dialect.name, received_at, earliest, latest, raw.ip, raw.user_agent, limits)
    unknown = project.do_not_track and do_not_track.asked(raw.headers)
    if unknown:
        context.ip = context.user_agent = ""
    request_key = _readable(raw.headers.get("Idempotency-Key"))
    if unknown or request_key:
        for index, item in enumerate(parsed.items):
            if isinstance(item, Refusal):
                continue
            if request_key and not item.key:
                item.key = f"{request_key}:{index}"
            if unknown:
                do_not_track.forget(item)
    return stamp(parsed.items, context, _event_numbers, dialect.words)


async def _fill(
    outcome: Outcome,
    front_door: FrontDoor,
    dialect: Dialect,
    project: Project,
    stamped: _Items,
    *,
    asked: Wish,
    patient: bool,
) -> None:
    """Write what was stamped, or only check it, and wait for it as long as the producer asked."""
    places: Places | None = {} if asked.ack and not asked.check_only else None
    entries = [item for item in stamped if isinstance(item, Stamped)]
    refused: Counter[Reason] = Counter()
    if len(entries) < len(stamped):
        refused.update([item.reason for item in stamped if isinstance(item, Refusal)])
    became = await _write(front_door, entries, places, check_only=asked.check_only, patient=patient)
    outcome.results = stamped
    _count(dialect.name, refused, became)
    if not asked.check_only:  # the ledger has what was refused; what was written is there already
        refused += Counter({Reason.UNAVAILABLE: became[Verdict.UNAVAILABLE]})  # of which nothing is left where it is 0
        for reason, count in refused.items():
            front_door.refusals.add(outcome.received_at, project.id, reason, count)
    if asked.ack and places:
        outcome.acked = await front_door.acks.wait(asked.ack, asked.timeout, places)


async def _write(
    front_door: FrontDoor, entries: Sequence[Stamped], places: Places | None, *, check_only: bool, patient: bool
) -> Counter[Verdict]:
    """Write events, or none of them; each is told its verdict. Returns how often each was given."""
    if not entries:
        return Counter()
    if check_only:
        verdicts = [Verdict.VALID] * len(entries)
    else:
        verdicts = await front_door.appender.append(entries, places, patient=patient)
    if verdicts.count(_NEW) == len(verdicts):  # as most are
        return Counter({_NEW: len(verdicts)})
    for entry, became in zip(entries, verdicts, strict=True):
        entry.verdict = became
    return Counter(verdicts)


def _count(dialect: str, refused: Mapping[Reason, int], became: Mapping[Verdict, int]) -> None:
    for reason, count in refused.items():
        telemetry.REFUSALS.add(dialect, reason, count=count)
        telemetry.EVENTS.add(dialect, "refused", count=count)
    for one, count in became.items():
        telemetry.EVENTS.add(dialect, _NAMES[one], count=count)


def _respond(dialect: Dialect, reply: Reply, headers: dict[str, str]) -> Answer:
    telemetry.REQUESTS.add(dialect.name, reply.status)
    if reply.headers:
        headers.update(reply.headers)
    return Answer(reply.status, reply.body, next_id(), headers)
