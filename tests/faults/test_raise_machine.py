"""Raising the number of shards on a real Redis, beside a model: two front doors, each of which may learn of it late.

Whoever makes the steps of a raise may be killed after each: the next one goes on, or a front door that meets a fence.
Keys are sent before, meanwhile and after, again and again.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from ingest_api import raising
from ingest_api.append import Appender
from ingest_api.dialect import Verdict
from ingest_api.progress import read_progress
from ingest_api.rules.normalise import Stamped
from ingest_api.stream import INSTALL, Install, connect, fcall, install, read_install
from tests.examples import examples
from tests.ingest_api.events import stamped
from workers.batch import decode

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.faults]

T = TypeVar("T")
DOORS = st.sampled_from((0, 1))
#: of the events of one request: a key, or None; and which of two contents
REQUESTS = st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 15)), st.booleans()), min_size=1, max_size=12)
MOST = 24


@dataclass
class Model:
    """An installation without shards: what an index remembers, and what was appended."""

    contents: dict[int, bool] = field(default_factory=dict)
    appended: Counter[bytes] = field(default_factory=Counter)
    duplicates: int = 0

    def append(self, key: int | None, content: bool, event_id: bytes) -> Verdict:
        if key in self.contents:
            self.duplicates += 1
            return Verdict.DUPLICATE if self.contents[key] == content else Verdict.MISMATCH
        if key is not None:
            self.contents[key] = content
        self.appended[event_id] += 1
        return Verdict.NEW


class RaiseMachine(RuleBasedStateMachine):
    """Redis and the model, step by step."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.model, self.number = Model(), 0
        #: the steps of whoever raises now
        self.steps: AsyncIterator[str] | None = None
        self.wait(self._begin())

    async def _begin(self) -> None:
        self.redis = connect(self.url)
        await self.redis.flushall()
        made = await install(self.redis, 2, 3600)
        self.lanes = [connect(self.url, timeout=None) for _ in range(2)]
        self.doors = [Appender(lane, made, max_pending_bytes=1 << 20) for lane in self.lanes]
        self.running = [asyncio.ensure_future(door.run()) for door in self.doors]

    def wait(self, step: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(step)

    def made(self) -> Install:
        return self.wait(read_install(self.redis))

    @rule(door=DOORS, request=REQUESTS)
    def append(self, door: int, request: list[tuple[int | None, bool]]) -> None:
        """A request is answered as if there were one shard, whatever the front door knows."""
        entries = [self.entry(key, content) for key, content in request]
        verdicts = self.wait(self.doors[door].append(entries))
        assert verdicts == [
            self.model.append(key, content, entry.event.event_id)
            for (key, content), entry in zip(request, entries, strict=True)
        ]

    @rule(door=DOORS, keys=st.lists(st.integers(0, 15), min_size=1, max_size=6))
    def append_one_by_one(self, door: int, keys: list[int]) -> None:
        """Single events, all at once."""
        entries = [self.entry(key, content=False) for key in keys]

        async def send() -> list[bytes]:
            return await asyncio.gather(*(self.doors[door].append_one(entry) for entry in entries))

        fresh = Counter(key for key, said in zip(keys, self.wait(send()), strict=True) if said == b"0")
        told = [self.model.append(key, False, entry.event.event_id) for key, entry in zip(keys, entries, strict=True)]
        assert fresh == Counter(key for key, verdict in zip(keys, told, strict=True) if verdict is Verdict.NEW)

    @rule(request=REQUESTS)
    def append_at_both(self, request: list[tuple[int | None, bool]]) -> None:
        """The same events at both front doors, in the same moment."""
        entries = [self.entry(key, content) for key, content in request if key is not None]
        keys = [(key, content) for key, content in request if key is not None]

        async def send() -> list[list[Verdict]]:
            return await asyncio.gather(*(door.append(entries) for door in self.doors))

        said = self.wait(send())
        fresh = Counter(entry.event.event_id for some in said for entry, one in _new(entries, some))
        before = self.model.appended.copy()
        for (key, content), entry in [*zip(keys, entries, strict=True)] * 2:
            self.model.append(key, content, entry.event.event_id)
        assert fresh == self.model.appended - before
        self._learn_contents(said, keys)

    def _learn_contents(self, said: list[list[Verdict]], keys: list[tuple[int, bool]]) -> None:
        """Which of two contents came first is the front doors' affair."""
        for some in said:
            for (key, content), verdict in zip(keys, some, strict=True):
                if verdict is Verdict.NEW:
                    self.model.contents[key] = content

    @rule(more=st.integers(1, 7), most=st.integers(1, 4))
    def step(self, more: int, most: int) -> None:
        """Whoever raises makes some steps; where nobody does, somebody begins, or goes on with what he finds."""
        if self.steps is None:
            made = self.made()
            count = made.count_next or made.shard_count + more
            if count > MOST or (made.count_before and not made.count_next):
                return
            self.steps = raising.steps(self.redis, made, count)

        async def make(steps: AsyncIterator[str]) -> list[str]:
            return [await anext(steps, "") for _ in range(most)]

        if not self.wait(make(self.steps))[-1]:
            self.steps = None

    @precondition(lambda self: self.steps is not None)
    @rule()
    def kill(self) -> None:
        """Whoever raises makes no further step."""
        self.steps = None

    @precondition(lambda self: self.steps is not None)
    @rule()
    def kill_between_fences(self) -> None:
        """He fenced one shard and not the others."""
        made = self.made()
        if made.count_next:
            self.wait(fcall(self.redis, "fence", [made.shards[-1].fence], made.count_next))
        self.steps = None

    @rule(door=DOORS)
    def look(self, door: int) -> None:
        """A front door reads the installation, as each does every second."""
        self.doors[door].use(self.made())

    @rule()
    def windows_pass(self) -> None:
        """So much time that every key is forgotten; nobody sends meanwhile, and the front doors look."""

        async def forget() -> None:
            redis: Any = self.redis
            async for key in redis.scan_iter(match="{s*}:index:*"):
                await redis.unlink(key)
            if await redis.hexists(INSTALL, "raised_at"):
                await redis.hset(INSTALL, "raised_at", 0)

        self.wait(forget())
        self.model.contents.clear()
        for door in range(2):
            self.look(door)

    def entry(self, key: int | None, content: bool) -> Stamped:
        self.number += 1
        raw = b"this" if content else b"that"
        return stamped(key="" if key is None else f"key-{key}", number=self.number, raw=raw)

    def teardown(self) -> None:
        """Everything that was acknowledged as new is there once, nothing else is, and the counters say so."""
        made = self.made()
        if made.count_next:
            self.wait(raising.awaited(self.redis, made.count_next))
        found, counters, groups = self.wait(self._gather())
        self.runner.close()
        assert found == self.model.appended
        assert counters["appended"] == found.total()
        assert counters["duplicate"] == self.model.duplicates
        assert groups == {1}

    async def _gather(self) -> tuple[Counter[bytes], Counter[str], set[int]]:
        made, found, counters = await read_install(self.redis), Counter[bytes](), Counter[str]()
        for progress in await read_progress(self.redis, made):
            counters.update(progress.counters)
        for shard in made.shards:
            page = await self.redis.xrange(shard.frames)
            entries = [(entry_id, list(chain.from_iterable(fields.items()))) for entry_id, fields in page]
            found.update(event.event_id for event in decode(shard.number, entries).events)
        groups = {len(await self.redis.xinfo_groups(shard.frames)) for shard in made.shards}
        for task in self.running:
            task.cancel()
        await asyncio.gather(*self.running, return_exceptions=True)
        for client in (*self.lanes, self.redis):
            await client.aclose()
        return found, counters, groups


def _new(entries: list[Stamped], verdicts: list[Verdict]) -> list[tuple[Stamped, Verdict]]:
    return [(entry, one) for entry, one in zip(entries, verdicts, strict=True) if one is Verdict.NEW]


def test_whoever_knows_of_a_raise_and_whoever_is_killed_every_event_is_there_once(redis_url: str) -> None:
    RaiseMachine.url = redis_url
    run_state_machine_as_test(
        RaiseMachine,
        settings=settings(
            max_examples=examples(15), stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
