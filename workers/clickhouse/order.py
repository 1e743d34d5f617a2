"""Orders to ClickHouse: statements that make, change or delete something, as the session's ClickHouse needs them.

One server is told the statement as it is. On a cluster it becomes what reaches every node (`cluster_sql.py`).
"""

from collections.abc import Mapping
from typing import Any

from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.client import Client

from workers.clickhouse.cluster import MARK, Cluster
from workers.clickhouse.cluster_sql import rendered

#: a node that is away holds up what must reach all of them for so long, and then it has not been done
_PATIENCE = {"distributed_ddl_task_timeout": 30}


def cluster(client: Client | AsyncClient) -> Cluster | None:
    """The cluster that the client's session is on; None where ClickHouse is one server."""
    name = client.get_client_setting(MARK)
    return Cluster(name, str(client.database)) if name else None


async def order(
    client: AsyncClient,
    statement: str,
    parameters: Mapping[str, Any] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> None:
    """Have it done. Raises clickhouse-connect's errors, on a cluster also where a node is away."""
    for one in rendered(statement, cluster(client)):
        await client.command(one, parameters=dict(parameters or {}), settings=dict(settings or {}))


async def level(client: AsyncClient, *tables: str) -> None:
    """Return when each replica has what the others had. Raises clickhouse-connect's errors where a node is away.

    For what must not be read from a replica that lags behind; one server has none.
    """
    for table in tables if cluster(client) else ():
        await order(client, f"SYSTEM SYNC REPLICA {table}", settings=_PATIENCE)
