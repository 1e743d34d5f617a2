"""Erased means erased, on the real stores: nothing of whom a project ordered to forget is found anywhere afterwards."""

import asyncio
import os
import sys
import uuid
from typing import Any, cast

import pytest
from redis.asyncio.lock import Lock
from redis.exceptions import LockError

from ingest_api import fault
from ingest_api.dialect import Verdict
from ingest_api.moment import now_ms
from ingest_api.projects import erasures, tombstones
from tests.appending import append
from tests.workers.erasing.people import (
    EVER,
    Person,
    again,
    carry_out,
    done,
    everybody,
    order,
    replay,
    stored,
    traces,
    unbalanced,
)
from tests.workers.history import History
from workers import kept, pipeline
from workers.archives.archive import Archive
from workers.batch import decode
from workers.erasing.erase import LOCK, LOCK_SECONDS, Erasing, Places, erase
from workers.reference import Reference
from workers.sink import Sink

pytestmark = pytest.mark.stack


async def test_a_user_is_gone_from_every_store_and_stays_gone(
    history: History, redis_url: str, archive: Archive, places: Places
) -> None:
    ada, bob, elsewhere = Person(), Person(), Person()
    retry = ada.did(key="ada's order 1")
    identify = ada.did(name="identify", kind="identify", properties=b'{"mail":"%s@x"}' % ada.user_id.encode())
    old = [retry, ada.did(), bob.did(key="bob's"), bob.did(), ada.did(user_id=""), ada.did(properties=b"not json")]
    await everybody(history, redis_url, old, [identify], [elsewhere.did("other")])
    await history.drain(archive)
    assert len(await traces(history.warehouse, history.redis, archive, ada.user_id)) >= 5
    one = await carry_out(history.redis, places, await order(history.redis, users=[ada.user_id]))
    assert (one.step, one.notes) == ("parts", []), one
    counts = {"keys": 2, "events": 4, "rejected_events": 1, "identity_claims": 1, "user_traits": 1, "tail": 5}
    assert one.counts.items() >= {**counts, "archive": 5}.items()
    ours = (ada.user_id, ada.client_id)
    assert await traces(history.warehouse, history.redis, archive, *ours) == []
    # What comes again: the retry with its key and without a time of its own, a late event, everything by replays.
    assert await append(redis_url, history.made, [again(retry, now_ms() + 60_000)]) == [Verdict.NEW]
    then = one.made_at - 5
    late = [ada.did(occurred_at=then), bob.did(occurred_at=then)], [ada.did(user_id="", key="late", occurred_at=then)]
    await everybody(history, redis_url, *late)
    await history.drain(archive)
    assert (await replay(history)).missing == 0
    assert (await replay(history, archive)).missing == 0
    await history.warehouse.command("TRUNCATE TABLE events")
    assert (await replay(history)).restored == 4
    await history.warehouse.command("TRUNCATE TABLE events")
    assert (await replay(history, archive)).restored == 4
    assert await stored(history, ada, bob, elsewhere) == [0, 3, 1]
    assert await unbalanced(history) == {}
    assert {one.split(":")[1] for one in await traces(history.warehouse, history.redis, archive, *ours)} == {"frames"}
    await carry_out(history.redis, places, one)
    assert await traces(history.warehouse, history.redis, archive, *ours) == []
    assert (await replay(history)).missing == 0


async def test_a_client_is_erased_and_the_users_other_clients_stay(
    history: History, redis_url: str, archive: Archive, places: Places
) -> None:
    ada, phone = Person(), Person()
    await everybody(history, redis_url, [ada.did(), ada.did(client_id=phone.client_id), ada.did(user_id="")])
    await history.drain(archive)
    one = await carry_out(history.redis, places, await order(history.redis, "client", clients=[ada.client_id]))
    assert (one.counts["events"], await stored(history, ada)) == (2, [1])
    assert await traces(history.warehouse, history.redis, archive, ada.client_id) == []


async def test_on_a_shared_device_only_what_names_nobody_else_goes_with_the_user(
    history: History, redis_url: str, archive: Archive, places: Places
) -> None:
    ada = Person()
    bob = Person(client_id=ada.client_id)
    identify = ada.did(name="identify", kind="identify")
    later = bob.did(name="identify", kind="identify", occurred_at=identify.event.occurred_at + 1)
    await everybody(history, redis_url, [identify, later, ada.did(user_id=""), bob.did()])
    await history.drain(archive)
    one = await carry_out(history.redis, places, await order(history.redis, users=[ada.user_id]))
    assert one.counts["events"] == 2
    assert await stored(history, ada, bob) == [0, 2]
    assert await traces(history.warehouse, history.redis, archive, ada.user_id) == []


async def test_single_events_are_erased_by_their_ids_whenever_they_come(
    history: History, redis_url: str, archive: Archive, places: Places
) -> None:
    ada = Person()
    wrong, own = ada.did(key="wrong"), ada.did(key=str(uuid.uuid4()))
    await everybody(history, redis_url, [wrong, own, ada.did()])
    await history.drain(archive)
    ids = [wrong.event.event_id, own.event.event_id]
    one = await carry_out(history.redis, places, await order(history.redis, "events", events=ids))
    assert (one.counts["events"], one.counts["keys"], await stored(history, ada)) == (2, 2, [1])
    retries = [again(one, EVER // 2) for one in (wrong, own)]
    assert await append(redis_url, history.made, retries) == [Verdict.NEW, Verdict.NEW]
    await history.drain(archive)
    assert await stored(history, ada) == [1]


async def test_a_stretch_of_time_is_erased_of_one_name_or_of_all(
    history: History, redis_url: str, archive: Archive, places: Places
) -> None:
    ada, then = Person(), now_ms() - 3_600_000
    named = [ada.did(name=name, occurred_at=then + at, key=f"{name}{at}") for name in ("a", "b") for at in (0, 9, 10)]
    identify = [ada.did(name="identify", kind="identify", occurred_at=then + at, key=f"{at}") for at in (5, 20)]
    await everybody(history, redis_url, named, identify)
    await history.drain(archive)
    one = await carry_out(history.redis, places, await order(history.redis, "time", time=(then, then + 10, "b")))
    assert (one.counts["events"], one.counts["archive"], await stored(history, ada)) == (2, 2, [6])
    one = await carry_out(history.redis, places, await order(history.redis, "time", time=(then, then + 10, "")))
    assert (one.counts["events"], one.counts["keys"], await stored(history, ada)) == (3, 3, [3])
    asked = "SELECT min(claim.at) FROM identity_claims WHERE project = 'demo' AND user_id = {user:String}"
    found = await history.warehouse.query(asked, parameters={"user": ada.user_id})
    assert int(found.result_rows[0][0].timestamp() * 1000) == then + 20  # what an event that stays says, is said again
    late = [ada.did(name="c", occurred_at=then + 3, key="late"), ada.did(name="c", occurred_at=then + 10, key="later")]
    await everybody(history, redis_url, late)
    await history.drain(archive)
    assert await stored(history, ada) == [4]


async def test_whoever_returns_after_the_erasure_is_new(
    history: History, redis_url: str, archive: Archive, places: Places
) -> None:
    ada = Person()
    await everybody(history, redis_url, [ada.did(occurred_at=now_ms() + 3_600_000), ada.did()])
    await history.drain(archive)
    one = await carry_out(history.redis, places, await order(history.redis, users=[ada.user_id]))
    assert (one.counts["events"], await stored(history, ada)) == (2, [0])
    await everybody(history, redis_url, [ada.did(occurred_at=now_ms(), received_at=now_ms())])
    await history.drain(archive)
    assert await stored(history, ada) == [1]


async def test_a_dry_run_counts_and_changes_nothing(
    history: History, redis_url: str, archive: Archive, places: Places
) -> None:
    ada = Person()
    await everybody(history, redis_url, [ada.did(), ada.did(properties=b"not json")])
    await history.drain(archive)
    one = await carry_out(history.redis, places, await order(history.redis, users=[ada.user_id], dry_run=True))
    assert (one.state, one.step) == ("done", "")
    assert one.counts.items() >= {"events": 1, "rejected_events": 1, "tail": 2, "archive": 2}.items()
    assert (await tombstones.read(history.redis), await stored(history, ada)) == ((), [1])
    await erase(history.redis, places)
    assert await erasures.due(history.redis, EVER) == []


async def test_it_waits_until_all_that_had_arrived_is_stored_and_says_so(
    history: History, redis_url: str, archive: Archive, places: Places
) -> None:
    ada, bob = Person(), Person()
    await everybody(history, redis_url, [ada.did(), bob.did()])
    one = await carry_out(history.redis, places, await order(history.redis, users=[ada.user_id]))
    assert (one.state, one.step) == ("waiting", "pass")
    assert "has not stored everything yet" in one.problem
    await history.drain(archive)
    assert (await replay(history)).missing == 0
    one = await carry_out(history.redis, places, one)
    assert (one.step, one.counts["tail"]) == ("parts", 0) or one.state == "done"
    assert await stored(history, ada, bob) == [0, 1]
    assert await traces(history.warehouse, history.redis, archive, ada.user_id) == []


async def test_what_a_paused_worker_brings_late_is_found_by_a_check(
    history: History, redis_url: str, archive: Archive, places: Places
) -> None:
    ada, bob = Person(), Person()
    await everybody(history, redis_url, [ada.did(), bob.did(), ada.did(user_id="", client_id="")])
    paused = [await kept.page(history.redis, shard, "-", "+", 10) for shard in history.made.shards]
    await history.drain(archive)
    one = await carry_out(history.redis, places, await order(history.redis, users=[ada.user_id]))
    await done(history, places, one)
    sink = Sink(history.settings.clickhouse_url, "paused", 10)
    for shard, (entries, _) in zip(history.made.shards, paused, strict=True):
        if entries:
            batch = pipeline.run(decode(shard.number, entries), Reference())
            await sink.insert(batch, "late")
            await archive.put(batch)
    await sink.close()
    assert await stored(history, ada) == [1]
    await history.redis.zadd(erasures.CHECKS, {one.id: 0})
    checked = await carry_out(history.redis, places, one)
    assert checked.found.items() >= {"events": 1, "archive": 1, "tail": 0}.items()
    assert await stored(history, ada) == [0]
    assert await traces(history.warehouse, history.redis, archive, ada.user_id) == []


CHILD = """
import asyncio, sys
from ingest_api.stream import connect
from workers.erasing.erase import Places, erase

async def main():
    await erase(connect(sys.argv[1]), Places(*sys.argv[2:]))

asyncio.run(main())
"""


async def test_killed_at_every_step_it_goes_on_where_it_was(
    history: History, redis_url: str, archive: Archive, places: Places
) -> None:
    ada, bob = Person(), Person()
    retry, identify = ada.did(key="k"), ada.did(name="identify", kind="identify")
    await everybody(history, redis_url, [retry, bob.did(), ada.did(user_id=""), ada.did(properties=b"bad")], [identify])
    await history.drain(archive)
    one = await order(history.redis, users=[ada.user_id])
    arguments = (sys.executable, "-c", CHILD, redis_url, *places)
    for step in erasures.STEPS[:-1]:  # the last only waits
        for point in (f"worker.erase_{step}:1", f"worker.erased_{step}:1"):
            child = await asyncio.create_subprocess_exec(*arguments, env={**os.environ, fault.VARIABLE: point})
            assert await child.wait() == fault.KILLED, f"{point} was not reached"
            await history.redis.delete(LOCK)  # a minute later
    one = await carry_out(history.redis, places, one)
    assert one.counts.items() >= {"events": 3, "rejected_events": 1, "tail": 4, "archive": 4}.items()
    assert await traces(history.warehouse, history.redis, archive, ada.user_id, ada.client_id) == []
    assert await append(redis_url, history.made, [again(retry, EVER // 2)]) == [Verdict.NEW]
    await history.drain(archive)
    assert await stored(history, ada, bob) == [0, 1]


async def test_only_one_process_works_at_a_time(history: History, places: Places) -> None:
    one = await order(history.redis, users=["nobody"])
    await history.redis.set(LOCK, "another")
    assert (await carry_out(history.redis, places, one)).step == "link"
    await history.redis.delete(LOCK)
    assert (await carry_out(history.redis, places, one)).step in {"parts", ""}


async def test_one_whose_lock_was_taken_leaves_the_report_to_the_other(history: History, places: Places) -> None:
    one = await order(history.redis, users=["nobody"])
    lock = Lock(cast("Any", history.redis), LOCK, timeout=LOCK_SECONDS)
    await lock.acquire()
    lost: list[str] = []

    async def alive() -> None:
        lost.append("asked")
        await lock.reacquire()

    await history.redis.set(LOCK, "another")
    with pytest.raises(LockError):
        await Erasing(history.redis, history.made, places, one, alive).run()
    found = await erasures.get(history.redis, one.id)
    assert found is not None
    assert (found.step, found.problem, lost) == ("link", "", ["asked"])
