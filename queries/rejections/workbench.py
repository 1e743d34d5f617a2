"""The workbench of rejected events over HTTP: each function is one route."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from ingest_api import halt, moment, redrive
from ingest_api.projects.keys import Kind
from ingest_api.projects.project import NotThere
from ingest_api.redrive import Rejected
from queries import request, sql
from queries.errors import Refused
from queries.management import Answer
from queries.rejections.readable import readable
from queries.rejections.rejected import (
    AllowOrder,
    Group,
    Groups,
    HaltedShard,
    Redriven,
    RedriveOrder,
    Sample,
    Samples,
    Selection,
)
from queries.route import Call, Route
from queries.service import QueryService

#: bytes that one call puts back
_PAGE_BYTES = 16 * 1024 * 1024
#: of a sample's bytes, that many are shown
_SHOWN_BYTES = 2048
_COLUMNS = (
    *("project", "name", "reason", "raw", "appended_at", "_shard", "_stream_ms", "_stream_seq", "_index"),
    *("kind", "fingerprint", "event_id", "events", "skip", "redriven_at"),
)


async def list_rejected(service: QueryService, call: Call) -> Answer[Groups]:
    """By fingerprint."""
    project, redriven, limit = request.read_rejected(call.query, request.REJECTED_PARAMETERS)
    project, everything = _scope(call, project)
    rows = await service.store.rows(sql.rejected_groups(project, redriven=redriven, limit=limit))
    halted = await _halted(service) if everything else []
    return Answer(data=Groups([Group(*row[:-2], *map(moment.utc, row[-2:])) for row in rows], halted))


async def show_rejected(service: QueryService, call: Call) -> Answer[Samples]:
    """Samples of one fingerprint."""
    project, _, limit = request.read_rejected(call.query, request.SAMPLE_PARAMETERS)
    project, _ = _scope(call, project)
    rows = await service.store.rows(sql.rejected_samples(project, call.path["fingerprint"], limit))
    if not rows:
        raise NotThere("There are no rejected events of this fingerprint.")
    return Answer(data=Samples([_sample(row) for row in rows]))


async def redrive_rejected(service: QueryService, call: Call) -> Answer[Redriven]:
    """Put a page of them back into the streams, then say so in ClickHouse.

    Ended in between, it leaves them open: the next call finds them put back, and only says so.
    """
    order: RedriveOrder = call.body
    if not (order.fingerprint or order.project or order.all):
        raise Refused(400, "Name a fingerprint or a project, or say that you want them all.")
    install = await service.freshness.install()
    # What is rejected once more lies behind this moment: a redrive comes to its end however bad the events are.
    before = order.before or (await service.freshness.read())[0].now
    chosen = Selection(order.project, order.fingerprint, before)
    rows = await _page(service, chosen, order.limit)
    new = await redrive.put_back(service.redis, install, [_rejected(row) for row in rows])
    if rows:
        await service.store.insert("rejected_events", _COLUMNS, [_marked(row, moment.now_ms()) for row in rows])
    left = (await service.store.rows(sql.rejected_left(chosen)))[0][0]
    events = sum(row["events"] for row in rows)
    return Answer(data=Redriven(new, len(rows) - new, events, left, before))


async def allow_shard(service: QueryService, call: Call) -> Answer[HaltedShard]:
    """Let a halted shard go on although so much of its batch is rejected."""
    order: AllowOrder = call.body
    install = await service.freshness.install()
    for one in await halt.read(service.redis, install):
        if str(one.shard) == call.path["shard"]:
            await halt.allow(service.redis, install.shards[one.shard], one, order.for_seconds * 1000)
            return Answer(data=_shown(one))
    raise NotThere("No such shard is halted.")


def _scope(call: Call, project: str) -> tuple[str, bool]:
    """The project to look at, empty for all, and whether the key sees everything."""
    if call.access is not None and Kind.ADMIN in call.access.kinds:
        return project, True
    if project not in {"", call.project.id}:
        raise Refused(403, "project: is not the one of this key.")
    return call.project.id, False


async def _halted(service: QueryService) -> list[HaltedShard]:
    install = await service.freshness.install()
    return [_shown(one) for one in await halt.read(service.redis, install)]


def _shown(one: halt.Halt) -> HaltedShard:
    return HaltedShard(one.shard, moment.utc(one.since), one.reason)


def _sample(row: Sequence[Any]) -> Sample:
    ms, shard, seq, index, project, name, kind, reason, event_id, events, redriven_at, size, raw = row
    packed = bytes.fromhex(raw)
    number = uuid.UUID(event_id)
    return Sample(
        position=f"{shard}:{ms}-{seq}:{index}",
        project=project,
        name=name,
        kind=kind,
        reason=reason,
        event_id=f"evt_{number.hex}" if number.int else "",
        events=events,
        appended_at=moment.utc(ms),
        redriven_at=moment.utc(redriven_at) if redriven_at else None,
        size=size,
        readable=readable(kind, packed) if kind and len(packed) == size else None,
        hex=packed[:_SHOWN_BYTES].hex(),
    )


async def _page(service: QueryService, chosen: Selection, limit: int) -> list[dict[str, Any]]:
    """The oldest rows, as many as one call can carry."""
    places = await service.store.rows(sql.rejected_places(chosen, limit))
    size = count = 0
    for place in places:
        size += place[4]
        if count and size > _PAGE_BYTES:
            break
        count += 1
    if not count:
        return []
    rows = await service.store.rows(sql.rejected_rows(chosen, places[count - 1][:4], count))
    return [dict(zip(_COLUMNS, row, strict=False)) for row in rows]


def _rejected(row: Mapping[str, Any]) -> Rejected:
    place = (row["_shard"], row["_stream_ms"], row["_stream_seq"], row["_index"])
    event_id = uuid.UUID(row["event_id"]).bytes
    raw, skip = bytes.fromhex(row["raw"]), bytes.fromhex(row["skip"])
    return Rejected(place, row["project"], event_id, raw, row["kind"] == "frame", row["events"], skip)


def _marked(row: Mapping[str, Any], now_ms: int) -> list[Any]:
    """The row as it lies there, redriven: ClickHouse keeps the later of the two."""
    changed = {"raw": bytes.fromhex(row["raw"]), "skip": bytes.fromhex(row["skip"]), "redriven_at": now_ms}
    return [{**row, **changed}[name] for name in _COLUMNS]


_REJECTED = "/api/v1/rejected"
ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        _REJECTED,
        list_rejected,
        Answer[Groups],
        "Rejected events by their cause",
        Kind.QUERY,
        parameters=request.REJECTED_PARAMETERS,
        also=(Kind.ADMIN,),
    ),
    Route(
        "GET",
        f"{_REJECTED}/{{fingerprint}}",
        show_rejected,
        Answer[Samples],
        "Samples of one cause",
        Kind.QUERY,
        parameters=request.SAMPLE_PARAMETERS,
        also=(Kind.ADMIN,),
    ),
    Route(
        "POST",
        "/api/v1/redrive",
        redrive_rejected,
        Answer[Redriven],
        "Put rejected events back",
        Kind.ADMIN,
        RedriveOrder,
    ),
    Route(
        "POST",
        "/api/v1/shards/{shard}/allow",
        allow_shard,
        Answer[HaltedShard],
        "Let a halted shard go on",
        Kind.ADMIN,
        AllowOrder,
    ),
)
