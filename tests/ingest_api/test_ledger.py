"""The books of the shards and of the front doors, on a real Redis."""

from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest_api import ledger
from ingest_api.errors import Reason
from ingest_api.ledger import REFUSALS, Book, Line
from ingest_api.progress import ShardProgress, read_progress
from ingest_api.projects.projects import Project
from ingest_api.rules.normalise import Stamped, normalise
from ingest_api.stream import Install, Redis, fcall, install
from tests.appending import append_together
from tests.ingest_api.events import NOW, context, draft

pytestmark = pytest.mark.stack

#: project, key: an event that says whose it is
Sent = tuple[str, str]


def stamped(project: str, key: str, number: int) -> Stamped:
    """An event of any project."""
    made = normalise(draft(key=key), context(Project(project, (), NOW)), number)
    assert isinstance(made, Stamped)
    return made


def requests(sent: Iterable[Iterable[Sent]]) -> list[list[Stamped]]:
    """Requests, each of one project."""
    return [[stamped(project, key, i * 1000 + j) for j, (project, key) in enumerate(one)] for i, one in enumerate(sent)]


async def books(redis: Redis, made: Install) -> dict[tuple[str, str], int]:
    """All counts of all shards, by project and outcome, whichever minute it was."""
    minute = (await read_progress(redis, made))[0].now // ledger.MINUTE_MS
    counted: Counter[tuple[str, str]] = Counter()
    for book in ledger.books(made.shards):
        for line, events in (await ledger.read(redis, book, range(minute - 3, minute + 1))).items():
            counted[line.project, line.outcome] += events
    return dict(counted)


@pytest.fixture
async def made(redis: Redis) -> Install:
    """An installation of one shard: everything meets in one frame."""
    return await install(redis, 1, 3600)


async def test_each_project_of_a_frame_is_counted_with_its_own_duplicates(
    redis: Redis, redis_url: str, made: Install
) -> None:
    first = [[("a", "k1"), ("a", "k2"), ("a", "")], [("b", "k1")], [("a", "k1"), ("a", "k3")], [("b", "k1"), ("b", "")]]
    await append_together(redis_url, made, requests(first))
    assert await books(redis, made) == {
        ("a", "accepted"): 4,
        ("a", "duplicate"): 1,
        ("b", "accepted"): 2,
        ("b", "duplicate"): 1,
    }
    ((_, fields),) = await redis.xrange(made.shards[0].frames)
    assert fields[b"p"] == b"a\x003\0b\x001\0a\x002\0b\x002"
    assert fields[b"n"] == b"6"


async def test_a_request_of_duplicates_alone_is_counted_too(redis: Redis, redis_url: str, made: Install) -> None:
    for _ in range(3):
        await append_together(redis_url, made, requests([[("a", "k1"), ("a", "k2")]]))
    assert await books(redis, made) == {("a", "accepted"): 2, ("a", "duplicate"): 4}
    assert await redis.xlen(made.shards[0].frames) == 1


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.lists(st.sampled_from(["", "k1", "k2", "k3"]), min_size=1, max_size=6)),
        min_size=1,
        max_size=6,
    )
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_meets_in_a_frame_every_event_is_in_exactly_one_count(
    redis: Redis, redis_url: str, sent: list[tuple[str, list[str]]]
) -> None:
    await redis.flushall()
    made = await install(redis, 1, 3600)
    await append_together(redis_url, made, requests([(project, key) for key in keys] for project, keys in sent))
    wanted: Counter[tuple[str, str]] = Counter()
    known: set[Sent] = set()
    for project, keys in sent:
        for key in keys:
            wanted[project, "duplicate" if key and (project, key) in known else "accepted"] += 1
            known.add((project, key))
    assert await books(redis, made) == dict(wanted)


async def test_every_key_expires_and_the_first_count_says_where_copying_begins(
    redis: Redis, redis_url: str, made: Install
) -> None:
    await append_together(redis_url, made, requests([[("a", "")], [("b", "")]]))
    (book,) = ledger.books(made.shards)
    (cursor,) = await ledger.cursors(redis, [book])
    assert cursor is not None
    assert 6 * 24 * 3_600_000 < await redis.pttl(book.minute(cursor)) <= ledger.KEEP_MINUTES * ledger.MINUTE_MS
    await ledger.close(redis, book, range(cursor, cursor + 2))
    assert await ledger.cursors(redis, [book]) == [cursor + 2]
    assert 0 < await redis.pttl(book.minute(cursor)) <= 5 * ledger.MINUTE_MS


async def test_a_frame_of_an_older_front_door_is_in_no_book(redis: Redis, made: Install) -> None:
    shard = made.shards[0]
    keys = shard.appending
    await fcall(redis, "append", keys, made.window_ms, 1, 10, b"frame", b"", "")
    assert await books(redis, made) == {}
    assert await redis.xlen(shard.frames) == 1


async def test_one_project_s_lines_are_read_without_the_others(redis: Redis, redis_url: str, made: Install) -> None:
    await append_together(redis_url, made, requests([[("a", "")] * 3, [("ab", "")], [("b", "k"), ("b", "k")]]))
    minute = (await read_progress(redis, made))[0].now // ledger.MINUTE_MS
    recent = range(minute - 3, minute + 1)
    await ledger.refuse(redis, {(minute, "a", Reason.RATE_LIMITED): 7, (minute, "b", Reason.INVALID_FIELD): 1})
    wanted = [(book, recent) for book in (*ledger.books(made.shards), REFUSALS)]
    found = await ledger.read_project(redis, "a", wanted)
    assert {(line.project, line.outcome): events for line, events in found.items()} == {
        ("a", "accepted"): 3,
        ("a", "refused:rate_limited"): 7,
    }
    every = await ledger.read(redis, REFUSALS, recent)
    assert every == {
        Line(minute, "a", 0, "refused:rate_limited"): 7,
        Line(minute, "b", 0, "refused:invalid_field"): 1,
    }
    assert set(ledger.REFUSED) == {f"refused:{reason.value}" for reason in Reason}


async def test_the_book_of_refusals_begins_with_its_oldest_minute_and_adds(redis: Redis) -> None:
    await ledger.refuse(redis, {(7, "a", "internal"): 1, (5, "a", "internal"): 2})
    await ledger.refuse(redis, {(3, "a", "internal"): 1, (5, "a", "internal"): 2})
    assert await ledger.cursors(redis, [REFUSALS]) == [5]
    assert await ledger.read(redis, REFUSALS, range(5, 8)) == {
        Line(5, "a", 0, "refused:internal"): 4,
        Line(7, "a", 0, "refused:internal"): 1,
    }


def test_what_is_in_flight_is_told_by_minute_project_and_shard() -> None:
    counts = {
        Line(1, "a", 0, "accepted"): 5, Line(1, "a", 0, "stored"): 3, Line(1, "a", 0, "rejected"): 1,
        Line(1, "a", 0, "repeated"): 1, Line(1, "a", 0, "duplicate"): 9, Line(1, "a", 0, "refused:internal"): 9,
        Line(1, "a", 1, "accepted"): 2, Line(2, "a", 1, "stored"): 2, Line(2, "b", 1, "accepted"): 1,
    }  # fmt: skip
    assert ledger.in_flight(counts) == {(1, "a", 1): 2, (2, "a", 1): -2, (2, "b", 1): 1}


@pytest.mark.parametrize(("oldest", "first_open"), [(0, 10), (599_999, 9), (480_000, 8), (479_999, 7)])
def test_a_minute_is_settled_once_nothing_waits_in_it(oldest: int, first_open: int) -> None:
    progress = ShardProgress(0, 600_001, oldest, "", "0-0", {})
    assert ledger.settled(progress) == first_open


def test_books_are_those_of_the_shards_under_their_hash_tags() -> None:
    made = Install("i", 2, 1)
    assert [book.minute(7) for book in ledger.books(made.shards)] == ["{s00}:ledger:7", "{s01}:ledger:7"]
    assert ledger.books(made.shards)[1] == Book("{s01}:ledger", 1)
