"""`headrace send`: one event, or a file of them."""

import asyncio
import contextlib
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import msgspec
import orjson
from cyclopts import Group, Parameter
from cyclopts.validators import Number

from clients.cli.bulk import Bulk, Compression, Tally
from clients.cli.errors import CliError, Exit, No, Transient, WrongUsage
from clients.cli.lines import Completion, Feed, Source
from clients.cli.meter import Meter
from clients.cli.output import Invocation, printable
from clients.cli.retry import SHORT_SECONDS, Patience
from clients.cli.service import Service

#: how long a file waits for a service that is away
LONG_SECONDS = 300.0

_RUN = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Receipt(msgspec.Struct):
    """The front door's answer to one event."""

    event_id: str
    received_at: str = ""
    deduplicated: bool = False
    payload_mismatch: bool = False


@Parameter(name="*", group=Group("One event", sort_key=1))
@dataclass(frozen=True)
class EventOptions:
    """What one event holds besides its name."""

    data: str | None = None
    """The event's data, a JSON object."""
    occurred_at: str | None = None
    """When it happened, ISO 8601; default now."""
    idempotency_key: str | None = None
    """Events with equal keys are one event; default a new key."""
    user_id: str | None = None
    """Whose event it is."""


@Parameter(name="*", group=Group("A file of events", sort_key=2))
@dataclass(frozen=True)
class FileOptions:
    """What is sent and how."""

    file: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None
    """NDJSON, one event a line, plain or gzip; - is stdin."""
    batch: Annotated[int, Parameter(validator=Number(gte=1, lte=10_000))] = 500
    """Most events in one request, which also stays below 4 MB."""
    concurrency: Annotated[int, Parameter(validator=Number(gte=1, lte=64))] = 4
    """Requests in flight."""
    compression: Compression = "zstd"
    """How request bodies are packed."""
    no_keys: Annotated[bool, Parameter(negative=())] = False
    """Add no idempotency keys: a repeated request may then count twice."""
    run: str | None = None
    """Name of this run in the added keys: the same name and file never count twice."""
    rejects: Path | None = None
    """Write rejected lines to this file."""


async def send(
    name: str | None = None,
    /,
    *,
    event: EventOptions | None = None,
    source: FileOptions | None = None,
    give_up_after: Annotated[float | None, Parameter(validator=Number(gte=0))] = None,
    cli: Annotated[Invocation, Parameter(parse=False)],
) -> Exit:
    """Send one event by its name, or a file of events.

    headrace send signup --data '{"plan":"pro"}'
    headrace send --file events.ndjson.gz
    tail -f app.ndjson | headrace send --file -

    A line of a file is an event as POST /v1/events takes it: {"event_type":"signup","data":{"plan":"pro"}}. Time and
    idempotency key are added where they lack. Requests that fail are repeated; an event is never counted twice.

    Parameters
    ----------
    name
        Name of the one event.
    give_up_after
        Seconds to go on trying while the service is away: 300 for a file, 10 for one event.
    """
    event, source = event or EventOptions(), source or FileOptions()
    if source.file is None:
        if not name:
            raise WrongUsage("Name the event to send, as in `headrace send signup`, or pass --file.")
        return await _send_one(cli, name, event, SHORT_SECONDS if give_up_after is None else give_up_after)
    if name or event != EventOptions():
        raise WrongUsage("--file sends the events of the file: leave out the name and the options of one event.")
    return await _send_file(cli, source, LONG_SECONDS if give_up_after is None else give_up_after)


async def _send_one(cli: Invocation, name: str, event: EventOptions, give_up: float) -> Exit:
    body = _encode(name, event)
    patience = Patience(give_up, lambda why, pause: cli.output.note(f"{why} Trying again in {pause:.1f} s."))
    async with Service(cli.settings) as service:
        while True:
            try:
                answer = await service.post_events(body, "application/json")
                break
            except Transient as trouble:
                await patience.wait(trouble)
    if answer.status == 400:
        raise No(f"The event was rejected: {answer.reason()}")
    receipt = answer.decode(Receipt)
    if receipt.payload_mismatch:
        cli.output.note("This key came before with other content: the first event stays, this one is not counted.")
    elif receipt.deduplicated:
        cli.output.note("This event came before: it is counted once.")
    cli.output.answer(msgspec.to_builtins(receipt), receipt.event_id)
    return Exit.OK


def _encode(name: str, event: EventOptions) -> bytes:
    try:
        data = msgspec.json.decode((event.data or "{}").encode(), type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise WrongUsage(f'--data is not a JSON object: {error}. Write it as \'{{"plan":"pro"}}\'.') from error
    fields = {
        "event_type": name,
        "occurred_at": event.occurred_at or datetime.now(UTC).isoformat(timespec="milliseconds"),
        # A key even when none is asked for, so that a repeated request never makes a second event.
        "idempotency_key": event.idempotency_key or secrets.token_hex(16),
        "data": data,
    }
    return orjson.dumps(fields | ({"user_id": event.user_id} if event.user_id else {}))


async def _send_file(cli: Invocation, options: FileOptions, give_up: float) -> Exit:
    run = _run_name(options)
    source = Source(options.file or "-")
    tally = Tally()
    with contextlib.ExitStack() as stack:
        if options.rejects:
            try:
                tally.rejects = stack.enter_context(_open_rejects(options.rejects, options.file))
            except WrongUsage:
                source.close()
                raise
        meter = stack.enter_context(Meter(cli.output, source.total))
        try:
            async with Service(cli.settings) as service:
                bulk = Bulk(service, tally, meter, compression=options.compression, give_up=give_up)
                feed = Feed(source, Completion(run), options.batch, ahead=options.concurrency)
                await bulk.run(feed, options.concurrency)
        except CliError as error:
            error.document = _document(tally, meter, run)
            if tally.sent or not isinstance(error, WrongUsage):
                cli.output.note(_unfinished(tally, options, run))
            raise
        except asyncio.CancelledError:
            cli.output.note(_unfinished(tally, options, run))
            raise
    cli.output.answer(_document(tally, meter, run), *_summary(tally, meter))
    return Exit.NO if tally.rejected else Exit.OK


def _open_rejects(path: Path, file: str | None) -> BinaryIO:
    try:
        if file and path.exists() and Path(file).exists() and path.samefile(file):
            raise WrongUsage(f"--rejects would overwrite {path} itself: name another file.")
        return path.open("wb")
    except OSError as error:
        raise WrongUsage(f"--rejects {path} cannot be written: {error.strerror or error}.") from error


def _run_name(options: FileOptions) -> str:
    if options.no_keys:
        return ""
    run = options.run or secrets.token_hex(8)
    if not _RUN.fullmatch(run):
        raise WrongUsage(f"--run {run!r}: use 1-64 letters, digits, '.', '_' and '-'.")
    return run


def _unfinished(tally: Tally, options: FileOptions, run: str) -> str:
    told = (
        f"{tally.sent:,} events were answered: {tally.accepted:,} accepted, {tally.deduplicated:,} deduplicated, "
        f"{tally.rejected:,} rejected."
        if tally.sent
        else "No event was answered."
    )
    if run and options.file != "-":
        told += f" Send the rest with --run {run}: what has arrived is not counted again."
    return told


def _document(tally: Tally, meter: Meter, run: str) -> dict[str, Any]:
    return {
        "sent": tally.sent,
        "accepted": tally.accepted,
        "deduplicated": tally.deduplicated,
        "rejected": tally.rejected,
        "reasons": [{"line": line, "error": reason} for line, reason in sorted(tally.reasons)],
        "run": run,
        "seconds": round(meter.seconds, 3),
    }


def _summary(tally: Tally, meter: Meter) -> list[str]:
    shown = [
        f"{tally.sent:,} sent: {tally.accepted:,} accepted, {tally.deduplicated:,} deduplicated, "
        f"{tally.rejected:,} rejected in {meter.seconds:.1f} s ({meter.rate:,.0f} a second)"
    ]
    shown += [f"  line {line}: {printable(reason)}" for line, reason in sorted(tally.reasons)]
    if tally.rejected > len(tally.reasons):
        shown.append(f"  and {tally.rejected - len(tally.reasons):,} more; --rejects FILE keeps the rejected lines")
    return shown
