"""Numbers: each visitor of a project gets one, the next that is free, and keeps it. Visitors are hashed here.

The next number is read before who has none, and an insert goes under the token of its first number: of two that give
numbers at once, one reads before the other's are there and comes with the same token, so that ClickHouse drops it.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from clickhouse_connect.datatypes.registry import get_from_name
from clickhouse_connect.driver.asyncclient import AsyncClient

from workers.errors import NotNow
from workers.rollups.rollup_sql import NEW, NEXT

#: of one block
_MOST = 200_000
#: so often another may come first
_PATIENCE = 1000
_TYPES = ("LowCardinality(String)", "UInt128", "UInt32")


async def give(client: AsyncClient, parameters: Mapping[str, object]) -> int:
    """Give numbers to the visitors of hours that have none. Returns how many were tried.

    Raises `NotNow` when others come first again and again.
    """
    given, before = 0, dict[str, int]()
    stuck = Counter[str]()
    for _ in range(_PATIENCE):
        free: dict[str, int] = dict(await _rows(client, NEXT, parameters))
        new: dict[str, list[int]] = defaultdict(list)
        for project, hashed in await _rows(client, NEW, {**parameters, "most": _MOST}):
            new[project].append(hashed)
        if not new:
            return given
        for project, some in new.items():
            first = free.get(project, 1)
            stuck[project] = stuck[project] + 1 if before.get(project) == first else 0
            before[project] = first
            # ClickHouse may know the token and lack the rows (`workers/proof.py`): both who come then go on beyond them
            await number(client, project, first + stuck[project] * _MOST, some)
            given += len(some)
    raise NotNow("others give numbers to the same visitors all the time")


async def number(client: AsyncClient, project: str, first: int, hashed: list[int]) -> None:
    """One block, or none where another began with the same number."""
    await client.insert(
        "visitor_numbers",
        [[project] * len(hashed), hashed, list(range(first, first + len(hashed)))],
        column_names=["project", "visitor", "number"],
        column_types=[get_from_name(name) for name in _TYPES],
        column_oriented=True,
        settings={"async_insert": 0, "insert_deduplication_token": f"numbers:{project}:{first}"},
    )


async def _rows(client: AsyncClient, text: str, parameters: Mapping[str, object]) -> Any:
    return (await client.query(text, parameters=dict(parameters))).result_rows
