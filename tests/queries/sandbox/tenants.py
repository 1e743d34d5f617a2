"""Two tenants for the sandbox: one with known rows, and one whose rows nobody else may ever see."""

import asyncio
import contextlib
import datetime
from collections.abc import AsyncIterator
from typing import Any

import orjson
from clickhouse_connect.driver.client import Client

from ingest_api.projects.keys import Kind
from tests.queries.conftest import Answer, Service, Tenant
from tests.queries.stored import event, store

#: stands in every text of the other tenant's rows
SECRET = "sentinel-of-the-other"
#: a number that only the other tenant has
SECRET_NUMBER = 918_273_645
_TEXTS = (
    "user_id",
    "client_id",
    "session_id",
    "request_id",
    "url",
    "path",
    "title",
    "referrer",
    "ip",
    "user_agent",
    "city",
)
_NOON = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)


def at(minutes: float) -> int:
    """Unix milliseconds, minutes after noon of a day."""
    return int((_NOON.timestamp() + minutes * 60) * 1000)


def shop(project: str) -> list[dict[str, Any]]:
    """Twelve events of three people on one day, in a shop: figures that can be worked out by hand."""
    rows = []
    for who, (client, country) in enumerate([("ann", "DE"), ("bob", "FR"), ("cyd", "DE")]):
        for step, name in enumerate(["page_view", "page_view", "add_to_cart", "purchase"][: 4 - who]):
            properties = {
                "price": 10 * (who + 1),
                "item": {"sku": f"s{step}", "tags": ["a", f"t{who}"]},
                "gift": step == 3,
            }
            rows.append(
                event(
                    project,
                    name=name,
                    client_id=client,
                    country=country,
                    occurred_at=at(60 * who + step),
                    path=f"/{step}",
                    url=f"https://shop.example/{step}",
                    properties=orjson.dumps(properties).decode(),
                )
            )
    traits = {"user_id": "u-ann", "plan": "gold", "age": 41}
    rows.append(
        event(project, name="identify", kind="identify", client_id="ann", user_id="u-ann", occurred_at=at(10),
              properties=orjson.dumps(traits).decode())
    )  # fmt: skip
    return [*rows, rows[0], rows[-1]]  # some were stored twice


def secrets(project: str) -> list[dict[str, Any]]:
    """The same shape, and the secret in every place; at the same time as the other's."""
    properties = orjson.dumps({"price": SECRET_NUMBER, "item": {"sku": SECRET}, SECRET: SECRET}).decode()
    texts = dict.fromkeys(_TEXTS, SECRET)
    return [
        event(project, name=name, occurred_at=at(step), asn=SECRET_NUMBER, properties=properties, **texts)
        for step, name in enumerate(["page_view", SECRET, "identify", "purchase"])
    ]


def reject(warehouse: Client, project: str, reason: str) -> None:
    """A rejected event."""
    columns = ["project", "name", "reason", "raw", "appended_at", "fingerprint", "_stream_ms"]
    warehouse.insert(
        "rejected_events", [[project, reason, reason, reason.encode(), _NOON, reason, 1]], column_names=columns
    )


def fill(warehouse: Client, project: str) -> None:
    """Everything of the tenant who may not be seen."""
    store(warehouse, *secrets(project))
    reject(warehouse, project, SECRET)


async def ask(service: Service, tenant: Tenant, sql: str, **more: object) -> Answer:
    """POST /api/v1/sql"""
    body = orjson.dumps({"sql": sql, **more})
    return await service.ask("/api/v1/sql", tenant.bearer(Kind.QUERY), method="POST", data=body)


@contextlib.asynccontextmanager
async def canary() -> AsyncIterator[tuple[int, list[bytes]]]:
    """A port on loopback that nobody has a reason to call, and what it heard."""
    heard: list[bytes] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(100))
        writer.close()

    server = await asyncio.start_server(hear, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], heard
    finally:
        server.close()
        await server.wait_closed()
