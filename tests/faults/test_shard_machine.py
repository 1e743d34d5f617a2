"""The shard's functions on a real Redis, beside a model of sixty lines: any order, two workers, a crash at every await.

Each rule is one await of a front door or of a worker; whatever was going to follow may never happen.
"""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from ingest_api.dialect import Verdict
from ingest_api.stream import GROUP, Install, connect, fcall, install
from tests.appending import append
from tests.examples import examples
from tests.ingest_api.events import stamped
from workers.batch import Entry, decode, span
from workers.errors import Fenced
from workers.landed import Landed
from workers.source import Source, trim

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.faults]

T = TypeVar("T")
WORKERS = st.sampled_from(("first", "second"))
#: keys of the events of one request; None for an event without one
REQUESTS = st.lists(st.one_of(st.none(), st.integers(0, 6)), min_size=1, max_size=4)


@dataclass
class Model:
    """What a shard is, without Redis."""

    index: set[int] = field(default_factory=set)
    #: entries that nobody took, each a list of event ids
    waiting: list[list[bytes]] = field(default_factory=list)
    pending: list[list[bytes]] = field(default_factory=list)
    owner: str = ""
    epoch: int = 0
    appended: set[bytes] = field(default_factory=set)
    #: deduplication token -> what was inserted under it
    inserted: dict[str, list[bytes]] = field(default_factory=dict)
    rows: list[bytes] = field(default_factory=list)

    def append(self, keys: list[int | None], ids: list[bytes]) -> list[Verdict]:
        verdicts, entry = [], []
        for key, event_id in zip(keys, ids, strict=True):
            known = key is not None and key in self.index
            verdicts.append(Verdict.DUPLICATE if known else Verdict.NEW)
            if key is not None:
                self.index.add(key)
            if not known:
                entry.append(event_id)
        if entry:
            self.waiting.append(entry)
            self.appended |= set(entry)
        return verdicts

    def lease(self, worker: str) -> int:
        if self.owner not in {"", worker}:
            return 0
        self.epoch += self.owner == ""
        self.owner = worker
        return self.epoch

    def take(self, most: int) -> list[list[bytes]]:
        if not self.pending:
            count, events = 0, 0
            while count < len(self.waiting) and (not count or events + len(self.waiting[count]) <= most):
                events, count = events + len(self.waiting[count]), count + 1
            self.pending, self.waiting = self.waiting[:count], self.waiting[count:]
        return self.pending

    def insert(self, token: str, ids: list[bytes]) -> None:
        """As ClickHouse does: what comes under a known token is dropped, whatever it holds."""
        if token not in self.inserted:
            self.rows += ids
        assert self.inserted.setdefault(token, ids) == ids, "one token, two batches"


@dataclass
class Worker:
    """What a worker knows, and forgets when it crashes."""

    source: Source
    entries: list[Entry] = field(default_factory=list)
    stored: bool = False


class ShardMachine(RuleBasedStateMachine):
    """Redis and the model, step by step."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.model, self.workers, self.number = Model(), dict[str, Worker](), 0
        self.made = self.wait(self._begin())
        self.shard = self.made.shards[0]

    async def _begin(self) -> Install:
        self.redis = connect(self.url)
        await self.redis.flushall()
        return await install(self.redis, 1, 3600)

    def wait(self, step: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(step)

    def teardown(self) -> None:
        """Whoever comes last finishes what the others left; then every event is there once."""
        self.expire()
        self.work("last", awaits=2, most=1000)
        while self.workers["last"].entries:
            self.work("last", awaits=3, most=1000)
        rows, pending = Counter(self.model.rows), self.wait(cast("Any", self.redis).xpending(self.shard.frames, GROUP))
        self.wait(self.redis.aclose())
        self.runner.close()
        assert rows == Counter(self.model.appended)
        assert pending["pending"] == 0

    @rule(keys=REQUESTS)
    def append(self, keys: list[int | None]) -> None:
        """A request; whether its answer arrives is the same to the shard."""
        entries = []
        for key in keys:
            self.number += 1
            entries.append(stamped(key="" if key is None else f"key-{key}", number=self.number))
        verdicts = self.wait(append(self.url, self.made, entries))
        assert verdicts == self.model.append(keys, [entry.event.event_id for entry in entries])

    @rule(name=WORKERS, awaits=st.integers(1, 5), most=st.integers(1, 6))
    def work(self, name: str, awaits: int, most: int) -> None:
        """A worker gets so far: lease, take, insert, commit, take ... Then it is somebody else's turn."""
        for _ in range(awaits):
            worker = self.workers.get(name)
            if worker is None:
                self.lease(name)
            elif not worker.entries:
                self.take(worker, most)
            elif not worker.stored:
                self.insert(worker)
            else:
                self.commit(worker)

    @rule(name=WORKERS)
    def crash(self, name: str) -> None:
        """And a new process of that name, which knows nothing."""
        self.workers.pop(name, None)

    @rule()
    def expire(self) -> None:
        """The owner is silent for too long."""
        self.wait(cast("Any", self.redis).delete(self.shard.lease))
        self.model.owner = ""

    @rule(name=WORKERS)
    def release(self, name: str) -> None:
        self.wait(fcall(self.redis, "release", [self.shard.lease, self.shard.epoch], name))
        if self.model.owner == name:
            self.model.owner = ""

    @rule()
    def trim(self) -> None:
        self.wait(trim(self.redis, self.shard, 0))

    @invariant()
    def nothing_is_there_twice(self) -> None:
        assert max(Counter(self.model.rows).values(), default=1) == 1

    def lease(self, name: str) -> None:
        epoch = self.wait(fcall(self.redis, "lease", [self.shard.lease, self.shard.epoch], name, 60_000))
        assert epoch == self.model.lease(name)
        if epoch:
            self.workers[name] = Worker(Source(self.redis, self.shard, epoch))

    def take(self, worker: Worker, most: int) -> None:
        with self.fencing(worker):
            worker.entries, _ = self.wait(worker.source.take(most, 1 << 30, 0))
            assert [self.ids([entry]) for entry in worker.entries] == self.model.take(most)

    def insert(self, worker: Worker) -> None:
        """ClickHouse knows no epoch: a zombie may come late, with the same token."""
        token = span([entry_id.decode() for entry_id, _ in worker.entries])
        self.model.insert(token, self.ids(worker.entries))
        worker.stored = True

    def commit(self, worker: Worker) -> None:
        entry_ids = [entry_id.decode() for entry_id, _ in worker.entries]
        with self.fencing(worker):
            self.wait(worker.source.commit(Landed(entry_ids, len(self.ids(worker.entries)))))
            self.model.pending = []
        worker.entries, worker.stored = [], False

    @contextmanager
    def fencing(self, worker: Worker) -> Iterator[None]:
        """The step succeeds for the epoch that is, and is refused to every other."""
        try:
            yield
        except Fenced:
            assert worker.source.epoch != self.model.epoch
            self.workers = {name: one for name, one in self.workers.items() if one is not worker}
        else:
            assert worker.source.epoch == self.model.epoch

    @staticmethod
    def ids(entries: list[Entry]) -> list[bytes]:
        return [event.event_id for event in decode(0, entries).events]


def test_in_any_order_and_with_a_crash_anywhere_every_event_lands_once(redis_url: str) -> None:
    ShardMachine.url = redis_url
    run_state_machine_as_test(
        ShardMachine,
        settings=settings(
            max_examples=examples(40), stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
