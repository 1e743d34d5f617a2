"""The audit finds what is missing, says what to type, and is silent about everything else; with real stores."""

import asyncio
import re

import pytest

from ingest_api import moment
from ingest_api.projects.projects import Projects
from ingest_api.projects.projects import Settings as ProjectSettings
from tests.workers.entries import event
from tests.workers.erasing.people import carry_out, order
from tests.workers.history import MINUTE, History
from tests.workers.putting import BAD_FRAME, IMPOSSIBLE, NOT_JSON
from workers import audit, retention
from workers.archives.replay import Replay
from workers.audit import Findings, Hole
from workers.erasing.erase import Places
from workers.errors import NotNow

pytestmark = pytest.mark.stack

#: long ago for a stream, and a whole minute
THEN = 1_795_000_020_000


async def audited(history: History) -> Findings:
    """What an audit finds now."""
    return await audit.audit(history.redis, history.settings.clickhouse_url)


async def store(history: History, shard: int, ms: int, first: int, count: int) -> None:
    """One batch of so many events."""
    await history.append(shard, f"{ms}-0", [event(first + i) for i in range(count)])
    await history.drain()


async def type_it(history: History, remedy: str) -> None:
    """Do what the audit says."""
    said = re.fullmatch(r"headrace replay --from (\S+) --to (\S+)(?: --shard (\d+))?", remedy)
    assert said is not None
    first, until = moment.parse(said[1]), moment.parse(said[2])
    assert until is not None
    run = Replay(history.redis, history.made, history.settings.clickhouse_url, lambda _: None)
    async with run.exclusively(tail=True):
        for shard in history.made.shards:
            if said[3] in {None, str(shard.number)}:
                await run.from_tail(shard, first, until)


async def test_where_all_is_stored_it_is_silent(history: History) -> None:
    assert (await audited(history)).minutes == 0
    for minute in range(3):
        await store(history, minute, THEN + minute * MINUTE, minute * 100, 40)
    found = await audited(history)
    assert (found.minutes, found.holes) == (3, [])


async def test_a_lost_part_is_found_and_what_it_says_to_type_mends_it(history: History) -> None:
    await history.keep_parts()
    for minute, count in enumerate((40, 50, 60, 70)):
        await store(history, 1, THEN + minute * MINUTE, minute * 100, count)
    await history.lose_a_part(50)
    await history.lose_a_part(60)
    await history.lose_a_part(70)
    await store(history, 2, THEN, 1000, 10)
    found = await audited(history)
    assert found.holes == [Hole(1, THEN + MINUTE, THEN + 4 * MINUTE, 180)]
    assert (found.missing, await audit.read(history.redis)) == (180, found)
    await type_it(history, found.remedy)
    assert (await audited(history)).holes == []
    assert await history.counts() == (230, 230)


async def test_losses_in_several_shards_are_mended_with_one_command(history: History) -> None:
    for shard in range(4):
        await store(history, shard, THEN + shard * MINUTE, shard * 100, 10)
    await history.warehouse.command("TRUNCATE TABLE events")
    found = await audited(history)
    assert [(hole.shard, hole.missing) for hole in found.holes] == [(shard, 10) for shard in range(4)]
    assert "--shard" not in found.remedy
    await type_it(history, found.remedy)
    again = await audited(history)
    assert (again.holes, again.remedy) == ([], "")
    assert await history.counts() == (40, 40)


async def test_an_id_that_came_again_is_no_loss_before_nor_after_the_merge(history: History) -> None:
    await history.append(0, f"{THEN}-0", [event(1), event(2), event(2)])  # once more in the batch
    await history.append(0, f"{THEN + MINUTE}-0", [event(1), event(3)])  # and beyond the window
    await history.drain()
    await history.append(0, f"{THEN + 2 * MINUTE}-0", [event(3)])
    await history.drain()
    assert (await audited(history)).holes == []
    await history.warehouse.command("OPTIMIZE TABLE events FINAL")
    assert await history.counts() == (3, 3)
    found = await audited(history)
    assert (found.minutes, found.holes) == (3, [])


async def test_rejected_events_are_no_loss(history: History) -> None:
    await history.append(0, f"{THEN}-0", [event(1), NOT_JSON, IMPOSSIBLE])
    await history.append_frame(0, f"{THEN}-1", BAD_FRAME, 3)
    await history.drain()
    assert (await audited(history)).holes == []
    await history.warehouse.command("TRUNCATE TABLE rejected_events")
    assert (await audited(history)).missing == 5


async def test_what_retention_deleted_is_no_loss(history: History) -> None:
    await Projects(history.redis).create("demo", (), ProjectSettings(retention_days=1))
    now = (await history.redis.time())[0] * 1000
    await history.append(0, f"{THEN}-0", [event(1, occurred_at=now), event(2, occurred_at=now - 3 * 86_400_000)])
    await history.drain()
    assert await retention.clean(history.redis, history.settings.clickhouse_url, now) == 1
    found = await audited(history)
    assert (found.minutes, found.holes) == (1, [])


async def test_a_minute_that_is_not_closed_or_not_committed_is_not_looked_at(history: History) -> None:
    await store(history, 0, THEN, 0, 5)
    await history.append(0, f"{THEN + MINUTE}-0", [event(10)])
    await history.drain()
    await history.append(0, f"{THEN + MINUTE}-1", [event(11)])  # waits: the minute is not over for the drain
    now = (await history.redis.time())[0] * 1000
    await history.append(1, f"{now}-0", [event(20)])
    found = await audited(history)
    assert (found.minutes, found.holes) == (1, [])


async def test_a_minute_of_which_the_tail_has_a_part_only_is_not_looked_at(history: History) -> None:
    await history.keep_parts()
    await store(history, 0, THEN, 0, 5)
    await store(history, 0, THEN + 5, 10, 6)
    await store(history, 0, THEN + MINUTE, 20, 7)
    await history.redis.xtrim(history.made.shards[0].frames, minid=f"{THEN + 5}-0", approximate=False)
    found = await audited(history)
    assert (found.minutes, found.holes) == (1, [])
    await history.trim_all()
    assert (await audited(history)).minutes == 0


async def test_while_the_drain_runs_it_is_silent(history: History) -> None:
    for batch in range(24):
        await history.append(batch % 4, f"{THEN + batch * MINUTE}-0", [event(batch * 50 + i) for i in range(50)])
    drained = asyncio.ensure_future(history.drain())
    holes = []
    while not drained.done():
        holes += (await audited(history)).holes
    await drained
    assert holes == []
    assert (await audited(history)).minutes == 4 * 21


async def test_without_clickhouse_nothing_is_told(history: History) -> None:
    await store(history, 0, THEN, 0, 5)
    before = await audited(history)
    with pytest.raises(NotNow):
        await audit.audit(history.redis, "http://u:p@127.0.0.1:1/?database=x")
    assert await audit.read(history.redis) == before


async def test_what_was_erased_is_no_loss_before_nor_after_its_frames_were_mended(
    history: History, places: Places
) -> None:
    await history.append(0, f"{THEN}-0", [event(1, user_id="ada"), event(2)])
    await history.append(0, f"{THEN + MINUTE}-0", [event(3)])
    await history.drain()
    one = await order(history.redis, users=["ada"])
    await history.append(0, f"{THEN + 2 * MINUTE}-0", [event(4, user_id="ada"), event(5, user_id="bob")])
    await history.append(0, f"{THEN + 3 * MINUTE}-0", [event(6, user_id="ada", properties=b"bad")])
    await history.drain()  # dropped before they were stored
    assert ((await audited(history)).holes, await history.counts()) == ([], (4, 4))
    await carry_out(history.redis, places, one)
    assert ((await audited(history)).holes, await history.counts()) == ([], (3, 3))
    await history.warehouse.command("TRUNCATE TABLE events")
    found = await audited(history)
    assert [(hole.first_ms, hole.missing) for hole in found.holes] == [(THEN, 3)]  # the control: others are missed
    await type_it(history, found.remedy)
    assert ((await audited(history)).holes, await history.counts()) == ([], (3, 3))
