"""Merges of the local engine give way."""

import os
import sys
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from tests.deploy.local.clickhouse.served import Served

pytestmark = [
    pytest.mark.stack,
    pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own"),
]


def test_threads_that_merge_are_nicer_than_all_others_and_still_merge(
    endpoint: Served, client: Client, table: str
) -> None:
    for number in range(3):
        client.insert(table, [[number, "a"]], ["id", "name"])
    client.command(f"OPTIMIZE TABLE {table} FINAL")
    parts = "SELECT count() FROM system.parts WHERE active AND database || '.' || table = {table:String}"
    assert client.query(parts, parameters={"table": table}).result_rows == [(1,)]
    nice = {
        name: {os.getpriority(os.PRIO_PROCESS, int(task.name)) for task in tasks}
        for name, tasks in _by_name(endpoint.process.pid).items()
    }
    own = os.getpriority(os.PRIO_PROCESS, endpoint.process.pid)
    assert nice.pop("MergeMutate") == {min(own + 10, 19)}
    assert max(map(max, nice.values())) == own


def _by_name(pid: int) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        found.setdefault((task / "comm").read_text().strip(), []).append(task)
    return found
