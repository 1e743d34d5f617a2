"""The model: front door -> shards -> workers -> ClickHouse as discrete events, with measured unit costs (SimPy).

What takes time: an append, a batch (a part of its own and a part for each event), being refused, a worker's start. What
is waited for is as in the code: linger, pauses between takes, growing pauses while ClickHouse is away, leases, shares.
Rows are prepared one batch at a time in each worker. Processors are not shared between processes here.
"""

import random
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import simpy

from tests.bench.simulation.scenario import Beats, Making, Scenario, Stretch
from tests.bench.simulation.stream import Frame, Shard
from workers.drain import _FIRST_BACKOFF, _IDLE_PAUSE, _LONGEST_BACKOFF, _RIPE_PAUSE
from workers.fleet import share
from workers.heartbeat import SILENT_MS
from workers.linger import Linger

#: what a process of SimPy yields
Steps = Generator[simpy.Event, Any, None]


@dataclass(frozen=True, slots=True)
class UnitCosts:
    """Seconds."""

    #: of a batch, and of each of its events, until its rows are made; one at a time in a worker
    prepare_batch: float = 0.005
    prepare_event: float = 10e-6
    #: of an insert and its commit; of an event while every shard inserts, for the store shares itself among them
    insert_batch: float = 0.05
    insert_event: float = 10e-6
    #: of an insert that is refused
    refusal: float = 0.005
    #: from a worker's start to its first balance
    start: float = 2.0


@dataclass(slots=True)
class Worker:
    """One process: what it drains, and when it was heard of last."""

    name: str
    turn: simpy.Resource
    seen: float = 0.0
    started: float = 0.0
    drains: dict[int, simpy.Process] = field(default_factory=dict)
    #: shards that it gives back when their batch is done
    stopping: set[int] = field(default_factory=set)


class Pipeline:
    """One run. `arrivals` are (second, events) in order; without them the scenario's loads are. `beats` else by lot."""

    def __init__(
        self,
        scenario: Scenario,
        making: Making,
        costs: UnitCosts,
        seed: int = 0,
        arrivals: Iterable[tuple[float, int]] | None = None,
        *,
        beats: Beats | None = None,
    ) -> None:
        self.env = simpy.Environment()
        self.shards = [Shard(number) for number in range(making.shards)]
        self.stored: dict[tuple[int, int], int] = {}  # token -> events: an insert that comes again is dropped
        #: of each event that was committed, in its batch's order: seconds since it was appended
        self.stays: list[tuple[float, int]] = []
        self._scenario, self._making, self._costs = scenario, making, costs
        self._dice = random.Random(seed)
        self._workers: list[Worker] = []
        self._frames = self._inserting = 0
        self._every = beats.every if beats else min(1.0, making.lease / 4)
        self._starts(arrivals, beats.moments if beats else ())

    def run(self, every: float = 0.1) -> list[tuple[float, float, int]]:
        """To the scenario's end. Returns (second, lag, events waiting) at even steps."""
        curve = []
        for step in range(1, round(self._scenario.seconds / every) + 1):
            self.env.run(until=step * every)
            now = float(self.env.now)
            lag = max(shard.lag(now) for shard in self.shards)
            curve.append((now, lag, sum(shard.waiting for shard in self.shards)))
        return curve

    def _starts(self, arrivals: Iterable[tuple[float, int]] | None, beats: Sequence[float]) -> None:
        if arrivals is None:
            for load in self._scenario.loads:
                self.env.process(self._offered(load.during, load.events_per_second))
        else:
            self.env.process(self._arriving(arrivals))
        # without them nobody knows where in its round a worker is when something happens
        *beats, again = beats or [self._dice.uniform(0.0, self._every) for _ in range(self._scenario.workers + 1)]
        runs = [self.env.process(self._worker(f"w{number}", 0.0, beat)) for number, beat in enumerate(beats)]
        if self._scenario.loss is not None:
            self.env.process(self._lose(runs[-1], self._scenario.loss, again))

    # the front door

    def _offered(self, during: Stretch, rate: float) -> Steps:
        yield self.env.timeout(during.since)
        while self.env.now < during.until:
            self._append(self._making.request)
            yield self.env.timeout(self._making.request / rate)

    def _arriving(self, arrivals: Iterable[tuple[float, int]]) -> Steps:
        for moment, events in arrivals:
            yield self.env.timeout(max(0.0, moment - self.env.now))
            for first in range(0, events, self._making.request):
                self._append(min(events - first, self._making.request))

    def _append(self, events: int) -> None:
        """One request: its events go to the shards of their keys."""
        shards = self._dice.choices(range(len(self.shards)), k=events)
        for number in sorted(set(shards)):
            self._frames += 1
            self.shards[number].append(Frame(self._frames, float(self.env.now), shards.count(number)))

    # the workers

    def _lose(self, run: simpy.Process, loss: Stretch, beat: float) -> Steps:
        yield self.env.timeout(loss.since)
        run.interrupt("killed")
        yield self.env.timeout(loss.until - loss.since)
        # its start takes about so long: its first balance is the one of its rounds that is nearest to that
        half = self._every / 2
        late = (loss.until + self._costs.start - beat + half) % self._every - half
        self.env.process(self._worker("again", max(0.0, self._costs.start - late), beat))

    def _worker(self, name: str, start: float, beat: float) -> Steps:
        yield self.env.timeout(start)
        worker = Worker(name, simpy.Resource(self.env), started=float(self.env.now))
        self._workers.append(worker)
        rest = (beat - float(self.env.now)) % self._every
        try:
            while True:
                self._balance(worker)
                yield self.env.timeout(rest)
                rest = self._every
        except simpy.Interrupt:
            for drain in worker.drains.values():
                if drain.is_alive:
                    drain.interrupt("killed")

    def _balance(self, worker: Worker) -> None:
        """As workers/fleet.py: renew, give up what is over the share, take what is free."""
        now = worker.seen = float(self.env.now)
        alive = [one for one in self._workers if now - one.seen <= SILENT_MS / 1000]
        alive.sort(key=lambda one: (one.started, one.name))
        mine = share(len(self.shards), [one.name for one in alive], worker.name)
        for number, drain in list(worker.drains.items()):
            if drain.is_alive:
                self.shards[number].lease(worker.name, now, self._making.lease)
            else:
                del worker.drains[number]
                worker.stopping.discard(number)
                self.shards[number].release(worker.name)
        staying = sorted(worker.drains.keys() - worker.stopping)
        worker.stopping |= set(staying[mine:])
        for shard in self.shards:
            if len(staying) >= mine:
                break
            if shard.number not in worker.drains and shard.lease(worker.name, now, self._making.lease):
                worker.drains[shard.number] = self.env.process(self._drain(worker, shard, shard.epoch))
                staying.append(shard.number)

    def _drain(self, worker: Worker, shard: Shard, epoch: int) -> Steps:
        making = self._making
        linger = Linger(making.linger, making.linger_most)
        try:
            while shard.epoch == epoch and shard.number not in worker.stopping:
                taken = float(self.env.now)
                batch, ripe_in = shard.take(taken, making.batch_events, linger.now)
                if batch:
                    yield from self._land(worker, shard, epoch, batch)
                    linger.after(taken, float(self.env.now))
                else:
                    yield self.env.timeout(min(ripe_in, _RIPE_PAUSE) if ripe_in else _IDLE_PAUSE)
        except simpy.Interrupt:
            return  # the pending list is the batch: the next owner finds it there

    def _land(self, worker: Worker, shard: Shard, epoch: int, batch: list[Frame]) -> Steps:
        costs, events, backoff = self._costs, sum(frame.events for frame in batch), _FIRST_BACKOFF
        with worker.turn.request() as turn:
            yield turn
            yield self.env.timeout(costs.prepare_batch + events * costs.prepare_event)
        while self._refused():
            yield self.env.timeout(costs.refusal + self._dice.uniform(backoff / 2, backoff))
            if shard.number in worker.stopping:
                return
            backoff = min(backoff * 2, _LONGEST_BACKOFF)
        yield self.env.timeout(self._scenario.insert_seconds)
        self._inserting += 1
        try:
            each = costs.insert_event * self._inserting / len(self.shards)
            yield self.env.timeout(costs.insert_batch + events * each)
        finally:
            self._inserting -= 1
        self.stored.setdefault((shard.number, batch[0].number), events)
        if shard.epoch == epoch:
            now = float(self.env.now)
            self.stays += [(now - frame.appended, frame.events) for frame in batch]
            shard.commit()

    def _refused(self) -> bool:
        outage = self._scenario.outage
        return outage is not None and outage.holds(float(self.env.now))
