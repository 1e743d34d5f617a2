"""Where ClickHouse keeps its own backups; `test_backup.py` has the server write and read them."""

import pytest

from workers.backups.depot import Depot


@pytest.mark.parametrize("where", ["disk:backups", "disk:backups/headrace/", "file:/backups", "s3://bucket/prefix"])
def test_a_place_is_a_disk_a_folder_or_a_bucket(where: str) -> None:
    assert Depot(where).where == where.rstrip("/")


@pytest.mark.parametrize(
    "where", ["", "backups", "file:backups", "ftp://x/y", "disk:", "disk:b')--", "file:/a b", "s3:"]
)
def test_nothing_else_is_one(where: str) -> None:
    with pytest.raises(ValueError, match="disk:NAME, file:/path or s3://bucket/prefix"):
        Depot(where)
