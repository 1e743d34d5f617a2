"""Is ClickHouse there, and does it hold the schema that makes each event visible exactly once?"""

import asyncio
import re
from collections.abc import Sequence
from typing import cast

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from yarl import URL

from clients.cli.checkup import Check, Finding, Probe, fail, ok, warn
from workers import migrate
from workers.clickhouse.address import Address, address
from workers.clickhouse.cluster import local
from workers.clickhouse.order import cluster

#: the first with the JSON type that properties are stored in
OLDEST = (25, 3)
_WINDOW = re.compile(r"\b(?:non_)?replicated_deduplication_window = (\d+)")
_APPLY = "python -m workers.migrate apply"


async def answers(probe: Probe) -> Finding:
    """Reachable, the password is right, and which version."""
    url = probe.configured("clickhouse_url")
    where = address(url)
    base = str(URL.build(scheme=where["interface"], host=where["host"], port=where["port"]))
    await probe.service.health(base, "/ping", "ClickHouse")  # says in fewer words than the client what is wrong
    # By way of a database that always exists: a missing one is the next check's finding.
    client = await asyncio.to_thread(_connect, url, database="default")
    version = str(client.server_version)
    await asyncio.to_thread(client.close)
    found = f"{version} at {base}"
    if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < OLDEST:
        return warn(found, "Headrace is made for ClickHouse 25.3 or newer.")
    return ok(found)


async def database(probe: Probe) -> Finding:
    """The database of the URL exists."""
    url = probe.configured("clickhouse_url")
    name = address(url)["database"]
    client = await asyncio.to_thread(_connect, url, database="default")
    count = await asyncio.to_thread(
        client.command, "SELECT count() FROM system.databases WHERE name = {name:String}", {"name": name}
    )
    await asyncio.to_thread(client.close)
    if not int(str(count)):
        return fail(f"there is no database {name}", f"Make it and its tables: {_APPLY}")
    probe.warehouse = await asyncio.to_thread(_connect, url, database=name)
    return ok(name)


async def schema(probe: Probe) -> Finding:
    """Every migration of this build is applied, as it stands in its file."""
    client = cast("Client", probe.warehouse)
    try:
        waiting = await asyncio.to_thread(migrate.pending, client)
    except migrate.MigrationError as error:
        return fail(str(error), "See what changed, with: python -m workers.migrate plan")
    return standing(waiting)


def standing(waiting: Sequence[migrate.Migration]) -> Finding:
    """Of a schema that lacks these: what comes before an upgrade is missing, what comes after it may wait."""
    missing = [one.name for one in waiting if one.belongs("pre")]
    if missing:
        return fail("not applied: " + ", ".join(missing), _APPLY)
    if waiting:
        late = ", ".join(one.name for one in waiting)
        return warn(f"to be applied once no older process runs: {late}", f"{_APPLY} --phase post")
    return ok(f"{len(migrate.migrations())} migrations applied")


async def window(probe: Probe) -> Finding:
    """The table that drops a batch sent twice."""
    client = cast("Client", probe.warehouse)
    name = local("events") if cluster(client) else "events"
    full = await asyncio.to_thread(
        client.command,
        f"SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = '{name}'",  # noqa: S608  # names of our own
    )
    if not full:
        return fail("there is no table events", _APPLY)
    if str(full).startswith("Distributed"):
        told = "Set HEADRACE_CLICKHOUSE_CLUSTER to its name, here and for migrations, workers and the query service."
        return fail("ClickHouse is a cluster, and is used as one server: inserts are not exact", told)
    found = _WINDOW.search(str(full))
    if found is None and str(full).startswith("Replicated"):
        return ok("ClickHouse's default for replicated tables")
    size = int(found[1]) if found else 0
    if not size:
        return fail(
            "off on events: a batch that is sent twice counts twice",
            "ALTER TABLE events MODIFY SETTING non_replicated_deduplication_window = 10000",
        )
    return ok(f"{size:,} batches")


def _connect(url: str, *, database: str) -> Client:
    where: Address = {**address(url), "database": database}
    return clickhouse_connect.get_client(
        **where, autogenerate_session_id=False, connect_timeout=3, send_receive_timeout=8
    )


ANSWERS = "ClickHouse answers"
DATABASE = "ClickHouse database"
CHECKS = (
    Check(
        ANSWERS,
        answers,
        "Start ClickHouse, or correct HEADRACE_CLICKHOUSE_URL (http://user:password@host:8123/?database=…).",
    ),
    Check(DATABASE, database, needs=ANSWERS),
    Check("schema", schema, needs=DATABASE),
    Check("deduplication window", window, needs=DATABASE),
)
