"""What takes events away, and what brings them back, does so where shards lie on a cluster, or on several servers."""

from collections.abc import AsyncIterator

import pytest

from tests.topologies import Nodes, Primaries
from tests.workers.archives import test_replay
from tests.workers.backups import test_backup, test_restore
from tests.workers.erasing import test_erase
from tests.workers.second import Second, second

pytestmark = pytest.mark.stack

SUITE = (
    test_erase.test_a_user_is_gone_from_every_store_and_stays_gone,
    test_erase.test_it_waits_until_all_that_had_arrived_is_stored_and_says_so,
    test_replay.test_everything_comes_back_into_an_empty_table_and_a_second_run_finds_nothing_to_do,
    test_replay.test_from_the_archive_everything_comes_back_as_it_was,
    test_restore.test_an_installation_is_there_again_and_workers_store_what_waited,
    test_restore.test_whom_a_project_forgot_stays_forgotten,
    test_backup.test_a_place_with_a_backup_and_a_second_backup_at_once_are_refused,
)
globals().update({test.__name__: test for test in SUITE})
stored = test_replay.stored


@pytest.fixture
def redis_url(redis_url: str, nodes: Nodes) -> str:
    """One Redis runs the same tests in their own files."""
    return f"{redis_url} {nodes.url}"


@pytest.fixture
async def there(redis_url: str, clickhouse_url: str, primaries: Primaries) -> AsyncIterator[Second]:
    """A second installation, with shards on several servers."""
    async with second(f"{redis_url.partition(' ')[0]} {primaries.url}", clickhouse_url) as one:
        yield one
