"""One suite that every topology passes: what small tests say of one Redis holds of several and of a cluster."""

from collections.abc import AsyncIterator

import pytest

from ingest_api.append import Appender
from ingest_api.stream import Install, Redis, install
from tests.appending import appending
from tests.ingest_api import test_append, test_halt, test_ledger, test_progress, test_redrive, test_stream
from tests.workers import test_kept
from tests.workers.erasing import test_erase_keys

pytestmark = pytest.mark.stack

#: tests that ask for a Redis and an installation, and nothing of what only one server has
SUITE = (
    test_append.test_requests_that_arrive_together_share_frames,
    test_append.test_equal_keys_meet_in_one_shard_and_only_the_first_is_written,
    test_append.test_a_reused_key_with_other_content_is_told,
    test_append.test_keyed_and_unkeyed_events_of_one_request_are_answered_in_order,
    test_stream.test_an_installation_is_made_once_and_read_by_all,
    test_stream.test_the_index_expires_and_a_hit_writes_too,
    test_progress.test_progress_is_read_from_every_shard,
    test_halt.test_a_halted_shard_is_told_until_it_goes_on,
    test_halt.test_a_word_is_for_one_batch_of_one_shard_or_for_a_while,
    test_ledger.test_one_project_s_lines_are_read_without_the_others,
    test_ledger.test_the_book_of_refusals_begins_with_its_oldest_minute_and_adds,
    test_kept.test_a_stream_is_whole_until_something_is_dropped_from_it,
    test_kept.test_pages_follow_each_other,
    test_kept.test_the_events_of_a_time_are_counted_where_they_lie,
    test_redrive.test_what_was_put_back_is_not_put_back_twice_in_whatever_company,
    test_redrive.test_many_events_travel_in_frames_of_a_bounded_size,
    test_erase_keys.test_the_index_forgets_keys_of_any_kind_and_no_others,
    test_erase_keys.test_receipts_of_rejected_events_go,
    test_erase_keys.test_a_verdict_goes_when_its_batch_is_committed_and_not_before,
)
globals().update({test.__name__: test for test in SUITE})


@pytest.fixture(params=["primaries", "nodes"])
def redis_url(request: pytest.FixtureRequest, redis_url: str) -> str:
    """One Redis runs the same tests in their own files."""
    return f"{redis_url} {request.getfixturevalue(request.param).url}"


@pytest.fixture
async def appender(redis_url: str, made: Install) -> AsyncIterator[Appender]:
    """One that is at work."""
    async with appending(redis_url, made, 1_000_000) as one:
        yield one


@pytest.fixture
async def made(redis: Redis) -> Install:
    """An installation of four shards."""
    return await install(redis, 4, 3600)
