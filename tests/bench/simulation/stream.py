"""The streams as the simulation has them: shards with frames, a pending list, a lease and an epoch. Pure."""

from collections import deque
from dataclasses import dataclass, field

#: Redis tells no shorter times
_MILLISECOND = 0.001


@dataclass(frozen=True, slots=True)
class Frame:
    """One entry. `number` is its id."""

    number: int
    appended: float
    events: int


@dataclass(slots=True)
class Shard:
    """One stream and what belongs to it. The same rules as ingest_api/drain.lua."""

    number: int
    new: deque[Frame] = field(default_factory=deque)
    pending: list[Frame] = field(default_factory=list)
    epoch: int = 0
    owner: str = ""
    lease_until: float = 0.0
    appended: int = 0
    committed: int = 0

    @property
    def waiting(self) -> int:
        """Events appended and not committed, as they are counted."""
        return self.appended - self.committed

    @property
    def held(self) -> int:
        """The same, as they are there."""
        return sum(frame.events for frame in (*self.pending, *self.new))

    def lag(self, now: float) -> float:
        """Age of the oldest event that is not committed."""
        oldest = self.pending[0] if self.pending else self.new[0] if self.new else None
        return now - oldest.appended if oldest else 0.0

    def append(self, frame: Frame) -> None:
        self.new.append(frame)
        self.appended += frame.events

    def lease(self, owner: str, now: float, seconds: float) -> int:
        """The epoch held, or 0 while another owner holds the shard."""
        held = now < self.lease_until
        if held and self.owner != owner:
            return 0
        self.epoch += not held
        self.owner, self.lease_until = owner, now + seconds
        return self.epoch

    def release(self, owner: str) -> None:
        if self.owner == owner:
            self.owner, self.lease_until = "", 0.0

    def take(self, now: float, most: int, linger: float) -> tuple[list[Frame], float]:
        """The next batch, or none and the seconds until what waits is ripe (0: nothing waits)."""
        if self.pending:
            return self.pending, 0.0
        count, ripe_in = self._ripe(now, most, linger)
        self.pending = [self.new.popleft() for _ in range(count)]
        return self.pending, ripe_in

    def commit(self) -> int:
        """Acknowledge the pending list. Returns its events."""
        events = sum(frame.events for frame in self.pending)
        self.pending = []
        self.committed += events
        return events

    def _ripe(self, now: float, most: int, linger: float) -> tuple[int, float]:
        events = 0
        for count, frame in enumerate(self.new):
            if count and events + frame.events > most:
                return count, 0.0
            events += frame.events
            if events >= most:
                return count + 1, 0.0
        if not self.new:
            return 0, 0.0
        left = linger - (now - self.new[0].appended)
        return (len(self.new), 0.0) if left < _MILLISECOND else (0, left)
