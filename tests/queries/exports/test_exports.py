"""Exports over HTTP."""

import csv
import io
import json

import pyarrow.parquet as pq
import pytest
from clickhouse_connect.driver.client import Client

from ingest_api import moment
from ingest_api.projects.keys import Kind
from queries.exports.export import COLUMNS, MOST_EVENTS
from tests.queries.conftest import Answer, Service, Tenant
from tests.queries.stored import event, store

pytestmark = pytest.mark.stack

THEN = 1_795_046_400_000
SPAN = {"from": "2026-11-19T00:00:00Z", "to": "2026-11-19T02:00:00Z"}
_AGO = 60_000


def put(warehouse: Client, tenant: Tenant, count: int) -> None:
    ago = moment.now_ms() - _AGO
    rows = [event(tenant.id, occurred_at=THEN + n * 60_000, _stream_ms=ago, title="=1") for n in range(count)]
    store(warehouse, *rows)


async def export(service: Service, tenant: Tenant, **params: str) -> Answer:
    return await service.ask("/api/v1/export", tenant.bearer(Kind.QUERY), {**SPAN, **params})


async def test_events_come_in_every_format_with_their_type(
    service: Service, tenant: Tenant, stranger: Tenant, warehouse: Client
) -> None:
    put(warehouse, tenant, 90)
    put(warehouse, stranger, 5)
    lines = await export(service, tenant)
    assert (lines.status, lines.headers["Content-Type"]) == (200, "application/x-ndjson")
    assert lines.headers["Content-Disposition"] == 'attachment; filename="events.ndjson"'
    rows = [json.loads(line) for line in lines.raw.splitlines()]
    assert (len(rows), list(rows[0])) == (90, list(COLUMNS))
    table = await export(service, tenant, format="csv", columns="title,occurred_at")
    assert table.headers["Content-Type"] == "text/csv; charset=utf-8"
    read = list(csv.reader(io.StringIO(table.raw.decode())))
    assert read[:2] == [["title", "occurred_at"], ["'=1", "2026-11-19T00:00:00.000000Z"]]
    bare = await export(service, tenant, format="csv", columns="title,occurred_at", header="no")
    assert bare.raw == table.raw.partition(b"\n")[2]
    packed = await export(service, tenant, format="parquet")
    assert packed.headers["Content-Type"] == "application/vnd.apache.parquet"
    assert pq.read_table(io.BytesIO(packed.raw)).num_rows == 90


async def test_the_hours_say_how_many_events_there_are(service: Service, tenant: Tenant, warehouse: Client) -> None:
    put(warehouse, tenant, 90)
    answer = await service.ask("/api/v1/export/hours", tenant.bearer(Kind.QUERY), SPAN)
    data = answer.body["data"]
    assert [(one["at"], one["events"]) for one in data["hours"]] == [
        ("2026-11-19T00:00:00Z", 60),
        ("2026-11-19T01:00:00Z", 30),
    ]
    assert (data["events"], data["project"]) == (90, tenant.id)
    assert 0 < moment.now_ms() - data["before"] < 60_000


async def test_what_is_wrong_is_an_error_and_no_file(service: Service, tenant: Tenant) -> None:
    refused = await export(service, tenant, format="xlsx")
    assert (refused.status, refused.headers["Content-Type"]) == (400, "application/json")
    assert (await service.ask("/api/v1/export/hours", tenant.bearer(Kind.QUERY), {"from": "x"})).status == 400
    other = await export(service, tenant, project="another")
    assert (other.status, other.body["error"]) == (403, "project: is not the one of this key.")
    assert (await export(service, tenant, project=tenant.id)).status == 200


async def test_more_events_than_an_answer_may_hold_are_refused_before_the_first_byte(
    service: Service, tenant: Tenant, warehouse: Client
) -> None:
    warehouse.command(
        "INSERT INTO events (event_id, project, name, occurred_at, properties, _stream_ms) "
        "SELECT generateUUIDv4(), {project:String}, 'many', fromUnixTimestamp64Milli({at:Int64} + number), '{}', 1 "
        "FROM numbers({count:UInt64})",
        parameters={"project": tenant.id, "at": THEN, "count": MOST_EVENTS + 1},
    )
    refused = await export(service, tenant, columns="event_id")
    assert (refused.status, "shorter range" in refused.body["error"]) == (422, True)
    half = await export(service, tenant, columns="event_id", format="csv", header="no", slice="1/2")
    assert (half.status, MOST_EVENTS * 0.4 < half.raw.count(b"\n") < MOST_EVENTS * 0.6) == (200, True)
