"""Group commit, on a real Redis."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence

import pytest

from ingest_api import frame
from ingest_api.append import Appender
from ingest_api.dialect import Verdict
from ingest_api.durability import Level
from ingest_api.errors import Unavailable
from ingest_api.event import Event
from ingest_api.lot import MAX_FRAME_EVENTS
from ingest_api.placing import Places, verdict
from ingest_api.rules.normalise import Stamped
from ingest_api.sluice import MAX_WRITES
from ingest_api.stream import Install, Redis, Shard, connect, install
from tests.ingest_api.events import stamped
from tests.ingest_api.pair import pair
from tests.raised import raised
from tests.waiting import until

pytestmark = pytest.mark.stack


@pytest.fixture
async def made(redis: Redis) -> Install:
    """An installation of four shards."""
    return await install(redis, 4, 3600)


@pytest.fixture
async def appender(redis_url: str, made: Install) -> AsyncIterator[Appender]:
    """A running appender that holds a megabyte at most."""
    redis = connect(redis_url, timeout=None)
    appender = Appender(redis, made, max_pending_bytes=1_000_000)
    running = asyncio.ensure_future(appender.run())
    yield appender
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await redis.aclose()


async def entries(redis: Redis, made: Install, shards: Sequence[Shard] = ()) -> list[dict[bytes, bytes]]:
    """Every entry of every shard, or of these."""
    return [fields for shard in shards or made.shards for _, fields in await redis.xrange(shard.frames)]


async def test_requests_that_arrive_together_share_frames(appender: Appender, redis: Redis, made: Install) -> None:
    futures = [appender.append_one(stamped(number=i)) for i in range(500)]
    assert {verdict(answer) for answer in await asyncio.gather(*futures)} == {Verdict.NEW}
    written = await entries(redis, made)
    assert sum(int(fields[b"n"]) for fields in written) == 500
    assert len(written) <= 5


async def test_the_unkeyed_events_of_one_request_lie_in_one_frame(
    appender: Appender, redis: Redis, made: Install
) -> None:
    await appender.append([stamped(number=i) for i in range(300)])
    assert [int(fields[b"n"]) for fields in await entries(redis, made)] == [300]


async def test_equal_keys_meet_in_one_shard_and_only_the_first_is_written(
    appender: Appender, redis: Redis, made: Install
) -> None:
    verdicts = await appender.append([stamped(key=f"k{i % 10}", number=i) for i in range(50)])
    assert Counter(verdicts) == {Verdict.NEW: 10, Verdict.DUPLICATE: 40}
    assert verdicts[:10] == [Verdict.NEW] * 10
    assert sum(int(fields[b"n"]) for fields in await entries(redis, made)) == 10


async def test_a_reused_key_with_other_content_is_told(appender: Appender) -> None:
    assert await appender.append([stamped(key="a"), stamped(key="a", raw=b"other")]) == [
        Verdict.NEW,
        Verdict.MISMATCH,
    ]
    assert verdict(await appender.append_one(stamped(key="a", raw=b"third"))) is Verdict.MISMATCH


async def test_keyed_and_unkeyed_events_of_one_request_are_answered_in_order(appender: Appender) -> None:
    mixed = [stamped(key="a"), stamped(number=1), stamped(key="a"), stamped(number=2), stamped(key="b")]
    new, duplicate = Verdict.NEW, Verdict.DUPLICATE
    assert await appender.append(mixed) == [new, new, duplicate, new, new]


async def test_a_frame_stays_below_its_bound_unless_one_request_is_larger(
    appender: Appender, redis: Redis, made: Install
) -> None:
    small = Install(made.id, 1, made.window_ms)
    groups = [[stamped(number=i) for i in range(3000)] for _ in range(3)] + [[stamped(number=1)] * 5000]
    appender._shards = small.shards  # all into one shard
    await asyncio.gather(*(appender.append(group) for group in groups))
    counts = [int(fields[b"n"]) for fields in await entries(redis, made)]
    assert sorted(counts) == [3000, 3000, 3000, 5000]
    assert all(count <= MAX_FRAME_EVENTS or count == 5000 for count in counts)


async def test_more_than_the_process_may_hold_is_refused_at_once(appender: Appender) -> None:
    big = stamped(number=1, raw=b"x" * 200_000)
    futures = [appender.append_one(big) for _ in range(8)]
    answers = await asyncio.gather(*futures, return_exceptions=True)
    assert sum(isinstance(answer, Unavailable) for answer in answers) == 3
    assert verdict(await appender.append_one(big)) is Verdict.NEW


async def test_a_redis_that_refuses_writes_nothing_and_is_asked_again_later(
    appender: Appender, redis: Redis, made: Install
) -> None:
    await redis.config_set("maxmemory", "1mb")
    try:
        with pytest.raises(Unavailable):
            await appender.append([stamped(key="a"), stamped(key="b"), stamped(number=1)])
        with pytest.raises(Unavailable):
            await appender.append_one(stamped(key="a"))
    finally:
        await redis.config_set("maxmemory", "512mb")
    assert await entries(redis, made) == []
    assert verdict(await appender.append_one(stamped(key="a"))) is Verdict.NEW


async def test_a_server_that_lost_the_library_gets_it_back(appender: Appender, redis: Redis) -> None:
    await redis.execute_command("FUNCTION", "FLUSH")  # type: ignore[no-untyped-call]  # redis-py 5: untyped
    assert verdict(await appender.append_one(stamped(key="a"))) is Verdict.NEW


async def test_connections_cut_between_writes_cost_no_event(appender: Appender, redis: Redis, made: Install) -> None:
    assert verdict(await appender.append_one(stamped(key="a"))) is Verdict.NEW
    await redis.client_kill_filter(_type="normal", skipme=True)
    tries = 0
    while tries < 10:
        tries += 1
        try:
            await appender.append_one(stamped(key="b"))
            break
        except Unavailable:
            continue
    written = [row for fields in await entries(redis, made) for row in frame.decode(fields[b"f"])]
    assert len(written) == 2
    assert tries <= 4


async def test_what_was_placed_by_the_number_before_a_raise_is_placed_again(
    appender: Appender, redis: Redis, made: Install
) -> None:
    mixed = [stamped(key=f"k{number}" if number % 3 else "", number=number) for number in range(60)]
    now = await raised(redis, 7)
    assert set(await appender.append(mixed)) == {Verdict.NEW}
    assert [verdict(await appender.append_one(one)) for one in (mixed[1], mixed[0])] == [Verdict.DUPLICATE, Verdict.NEW]
    for shard in now.shards:
        for fields in await entries(redis, now, [shard]):
            for row in frame.decode(fields[b"f"]):
                assert isinstance(row, Event)
                assert row.event_id[6] >> 4 != 8 or now.keyed_shards(row.event_id)[0] == shard
    assert sum(int(fields[b"n"]) for fields in await entries(redis, now)) == 61
    assert made.shard_count == 4


async def test_single_events_that_meet_a_fence_are_placed_again(appender: Appender, redis: Redis) -> None:
    await raised(redis, 7)
    some = [stamped(key=f"k{number}" if number % 2 else "", number=number) for number in range(40)]
    answers = await asyncio.gather(*(appender.append_one(one) for one in some))
    assert [verdict(answer) for answer in answers] == [Verdict.NEW] * 40
    assert answers[0] == b""


async def test_a_key_of_before_a_raise_is_known_where_it_lies_for_two_windows(
    appender: Appender, redis: Redis, made: Install
) -> None:
    before = [stamped(key=f"k{number}", number=number) for number in range(40)]
    await appender.append(before)
    now = await raised(redis, 7)
    appender.use(now)
    places: Places = {}
    again = [*before, stamped(key="k0", raw=b"other"), stamped(key="new"), stamped(number=99)]
    told = await appender.append(again, places)
    assert told == [*[Verdict.DUPLICATE] * 40, Verdict.MISMATCH, Verdict.NEW, Verdict.NEW]
    for one in before:
        assert one.event.event_id in places[made.keyed_shards(one.digest)[0].number]
    assert sum(map(len, places.values())) == 43
    answers = await asyncio.gather(*(appender.append_one(one) for one in before))
    assert {verdict(answer) for answer in answers} == {Verdict.DUPLICATE}
    appender.use(Install(now.id, 7, now.window_ms))  # as it is after two windows
    moved = [one for one in before if len(now.keyed_shards(one.digest)) > 1]
    assert set(await appender.append(moved)) == {Verdict.NEW}


async def test_many_who_ask_what_was_known_before_a_raise_share_a_round_trip(appender: Appender, redis: Redis) -> None:
    appender.use(await raised(redis, 7))
    await redis.config_resetstat()
    await asyncio.gather(*(appender.append_one(stamped(key=f"k{number}", number=number)) for number in range(200)))
    calls = (await redis.info("commandstats"))["cmdstat_fcall"]["calls"]
    assert calls <= 4 + 7 + 7  # a question for each shard of before, and two turns of frames


async def test_a_shard_of_before_that_cannot_be_asked_makes_its_events_unavailable(
    appender: Appender, redis: Redis, made: Install
) -> None:
    appender.use(await raised(redis, 8))
    other = made.keyed_shards(stamped(key="a").digest)[0]
    await redis.set(f"{other.index}:{int((await redis.time())[0]) // 3600}", "no hash")
    with pytest.raises(Unavailable):
        await appender.append_one(_moved(other))


def _moved(shard: Shard) -> Stamped:
    """An event that was of this shard of four, and is of another one of eight."""
    some = (stamped(key=f"k{number}") for number in range(1000))
    return next(one for one in some if int.from_bytes(one.digest[-4:], "big") % 8 == shard.number + 4)


async def test_at_replica_a_duplicate_is_as_unsure_as_the_first_until_the_replica_has_both() -> None:
    async with pair() as both:
        await both.together()
        made = await install(both.primary, 4, 3600, Level.REPLICA)
        redis = connect(both.url, timeout=None)
        appender = Appender(redis, made, max_pending_bytes=1_000_000)
        running = asyncio.ensure_future(appender.run())
        for number in range(MAX_WRITES):  # so that every lane is connected: a new one would ask before it writes
            assert verdict(await appender.append_one(stamped(key=f"before-{number}"))) is Verdict.NEW
        both.cut()
        for _ in range(2):
            with pytest.raises(Unavailable):
                await appender.append_one(stamped(key="a"))
        assert len(await entries(both.primary, made)) == MAX_WRITES + 1
        both.mend()

        async def told() -> object:
            try:
                return verdict(await appender.append_one(stamped(key="a"))).name
            except Unavailable:
                return None

        assert await until(told, within=30) == "DUPLICATE"
        assert await entries(both.replica, made) == await entries(both.primary, made)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await redis.aclose()


async def waits(appender: Appender, seconds: float) -> None:
    """Write an event; from now on whoever is patient waits for so long, if nothing else happens."""
    await appender.append([stamped()])
    for sluice in appender.sluices:
        sluice.patience = seconds


async def sizes(redis: Redis, made: Install) -> list[int]:
    """Events of each frame, the smallest first."""
    return sorted(int(fields[b"n"]) for fields in await entries(redis, made))


async def test_whoever_is_patient_does_not_wait_where_nothing_was_written_lately(
    appender: Appender, redis: Redis, made: Install
) -> None:
    await appender.append([stamped(), stamped(number=1)], patient=True)
    assert await sizes(redis, made) == [2]


async def test_patient_requests_wait_for_company_and_go_with_whoever_does_not_wait(
    appender: Appender, redis: Redis, made: Install
) -> None:
    await waits(appender, 60)
    waiting = [asyncio.ensure_future(appender.append([stamped(number=n)] * 2, patient=True)) for n in range(3)]
    await asyncio.sleep(0.05)
    assert await sizes(redis, made) == [1], "a write began less than a minute ago"
    await appender.append_one(stamped(number=9))
    assert await asyncio.gather(*waiting) == [[Verdict.NEW] * 2] * 3
    assert await sizes(redis, made) == [1, 7]


async def test_many_patient_events_do_not_wait(appender: Appender, redis: Redis, made: Install) -> None:
    await waits(appender, 60)
    halves = [asyncio.ensure_future(appender.append([stamped(number=n)] * 500, patient=True)) for n in range(2)]
    await asyncio.gather(*halves)
    assert await sizes(redis, made) == [1, 1000]


async def test_patience_ends_by_itself(appender: Appender, redis: Redis, made: Install) -> None:
    await waits(appender, 0.3)
    both = [asyncio.ensure_future(appender.append([stamped(number=n)] * 2, patient=True)) for n in range(2)]
    await asyncio.gather(*both)
    assert await sizes(redis, made) == [1, 4]
    await appender.append([stamped(number=5)] * 2, patient=True)
    assert await sizes(redis, made) == [1, 2, 4]
