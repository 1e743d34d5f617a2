"""What is wrong now, since when, and what to do."""

from typing import Any

import pytest

from clients.cli.checks import redis as doctors_redis
from clients.cli.checks import workers as doctors_workers
from ingest_api import moment
from ingest_api.halt import Halt
from ingest_api.progress import ShardProgress
from queries.pipeline import alarms
from queries.pipeline.alarms import Alarms, Missing, Seen
from queries.pipeline.books import Account
from queries.pipeline.flow import Alarm, Rates, RedisState, StoreState, Totals, WorkerState
from workers import health

NOW = 1_795_000_000_000


def shard(number: int = 0, **fields: Any) -> ShardProgress:
    known = {"now": NOW, "oldest": 0, "owner": "db1:42:a", "floor": "0-0", "counters": {}}
    return ShardProgress(number, **{**known, **fields})


def account(**wrong: str) -> Account:
    rates = Rates([], Totals(None, 0, 0, 0, 0))
    return Account(rates, {int(minute.removeprefix("at")): project for minute, project in wrong.items()}, 0)


def worker(**fields: Any) -> WorkerState:
    now = moment.utc(NOW)
    known = {"id": "a", "host": "db1", "pid": 42, "shards": [0], "state": "draining", "healthy": True, "problem": ""}
    return WorkerState(**{**known, "started_at": now, "last_seen": now, "moved_at": now, **fields})


def seen(**fields: Any) -> Seen:
    known = {
        "shards": [shard()],
        "account": account(),
        "workers": [worker()],
        "redis": RedisState(1, 100, "noeviction", ""),
        "clickhouse": StoreState(True, "", 1.0),
        "halts": [],
        "missing": None,
    }
    return Seen(**{**known, **fields})


def names(found: list[Alarm]) -> list[tuple[str, str]]:
    return [(one.name, one.state) for one in found]


def test_where_all_is_well_there_is_none() -> None:
    assert Alarms().of_all(seen()) == []
    assert Alarms().of_project([shard()], account()) == []


def test_the_bounds_are_those_of_the_doctor() -> None:
    assert (alarms.LAG_WARN, alarms.LAG_FAIL) == (doctors_workers.LAG_WARN, doctors_workers.LAG_FAIL)
    assert (alarms.MEMORY_WARN, alarms.MEMORY_FAIL) == (doctors_redis.MEMORY_WARN, doctors_redis.MEMORY_FAIL)
    assert health.SILENT_MS == doctors_workers.SEEN_MS


LATE: dict[str, Any] = {"oldest": NOW - 30_000, "counters": {"appended": 7}}
SILENT: dict[str, Any] = {"last_seen": moment.utc(NOW - 20_000), "healthy": False, "problem": "says nothing"}


@pytest.mark.parametrize(
    ("fields", "found", "message"),
    [
        ({"shards": [shard(**LATE)]}, [("lag", "warn")], "Events are late: 7 events wait in shard 0."),
        ({"shards": [shard(oldest=NOW - 61_000)]}, [("lag", "fail")], "Events are late: 0 events wait in shard 0."),
        ({"account": account(at5="shop")}, [("ledger", "fail")], "The ledger of project shop does not balance, first"),
        (
            {"clickhouse": StoreState(False, "refused", 0)},
            [("clickhouse_away", "fail")],
            "ClickHouse does not answer: r",
        ),
        ({"redis": RedisState(1, 9, "allkeys-lru", "Set it.")}, [("durability", "fail")], "Redis does not keep events"),
        ({"redis": RedisState(80, 100, "noeviction", "")}, [("redis_memory", "warn")], "Redis holds 80% of its max"),
        ({"redis": RedisState(95, 100, "noeviction", "")}, [("redis_memory", "fail")], "Redis holds 95% of its max"),
        ({"redis": RedisState(1, 0, "noeviction", "")}, [("redis_no_limit", "warn")], "Redis has no maxmemory"),
        ({"halts": [Halt(3, NOW, "1-0", "bad")]}, [("shard_halted", "fail")], "Shard 3 stands still: bad."),
        ({"workers": []}, [("no_worker", "fail")], "No worker is alive."),
        ({"workers": [worker(**SILENT)]}, [("no_worker", "fail")], "No worker is alive."),
        ({"workers": [worker(), worker(id="b", **SILENT)]}, [("worker_silent", "warn")], "Worker db1 (pid 42) says no"),
        (
            {"workers": [worker(healthy=False, problem="x")]},
            [("worker_stuck", "fail")],
            "Worker db1 (pid 42) is stuck: x.",
        ),
        ({"workers": [worker(problem="no disk")]}, [("worker_waits", "warn")], "Worker db1 (pid 42) waits: no disk."),
        ({"workers": [worker(state="halted", problem="x")]}, [], ""),
        ({"missing": Missing(NOW, [])}, [], ""),
        (
            {"missing": Missing(NOW, [{"missing": 1200, "first_ms": NOW}])},
            [("events_missing", "fail")],
            "1,200 committed events are missing in ClickHouse",
        ),
    ],
)
def test_each_fault_has_its_alarm_and_a_remedy(fields: dict[str, Any], found: list[Any], message: str) -> None:
    told = Alarms().of_all(seen(**fields))
    assert names(told) == found
    assert all(one.message.startswith(message) and one.remedy for one in told)


def test_what_is_worst_and_oldest_comes_first() -> None:
    told = Alarms().of_all(seen(shards=[shard(owner="", **LATE)], halts=[Halt(0, NOW - 5000, "1-0", "bad")]))
    assert [one.name for one in told] == ["shard_halted", "shard_without_worker", "lag"]


def test_since_when_is_remembered_until_it_is_well_again() -> None:
    one = Alarms()
    free = [shard(), shard(1, owner="")]
    (first,) = one.of_project(free, account())
    later = [shard(now=NOW + 9000), shard(1, owner="", now=NOW + 9000)]
    (again,) = one.of_project(later, account())
    assert first.since == again.since == moment.utc(NOW)
    assert one.of_project([shard(), shard(1)], account()) == []
    (anew,) = one.of_project(later, account())
    assert anew.since == moment.utc(NOW + 9000)


def test_a_project_hears_of_shards_and_its_own_books_alone() -> None:
    told = Alarms().of_project([shard(owner="", **LATE)], account(at5="shop"))
    assert [one.name for one in told] == ["ledger", "shard_without_worker", "lag"]
    assert {one.remedy for one in told[1:]} == {"Tell whoever runs this installation."}
    assert "shop" not in told[0].message
