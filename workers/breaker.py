"""The breaker: when so much is rejected that the cause must be this build or a store, and not the events."""

from dataclasses import dataclass

from ingest_api.projects.schema import REJECTED
from workers.batch import Batch, Rejected
from workers.fingerprint import cause


@dataclass(slots=True)
class Breaker:
    """Of one shard under one owner. Halting decides only whether a batch passes now, never what its rows are."""

    #: rejected events of one batch that are always let pass, and the share of a larger one, in percent
    events: int
    percent: int
    #: rejected events in a row, with none stored in between, over batches
    in_a_row: int
    _row: int = 0

    def problem(self, batch: Batch) -> str:
        """Why the batch must not pass, for people; empty when it may."""
        fresh = _fresh(batch)
        rejected = _events(fresh)
        total = len(batch.events) + rejected
        if not batch.events and rejected and self._row + rejected > self.in_a_row:
            return f"{self._row + rejected} events in a row would be rejected, such as: {cause(fresh[0].reason)}"
        if rejected <= self._limit(total) or _one_among_others(batch, fresh):
            return ""
        return f"{rejected} of {total} events of a batch would be rejected, such as: {cause(fresh[0].reason)}"

    def enough(self, batch: Batch) -> int:
        """With more of its events refused a batch will not pass: nobody needs to look for all of them."""
        again = sum((one.ms, one.seq) in batch.redriven for one in batch.positions) if batch.redriven else 0
        return self._limit(len(batch.events) + _events(_fresh(batch))) + again

    def _limit(self, total: int) -> int:
        return max(self.events, total * self.percent // 100)

    def passed(self, batch: Batch) -> None:
        """The batch is stored and committed."""
        self._row = 0 if batch.events else self._row + _events(_fresh(batch))


def _fresh(batch: Batch) -> list[Rejected]:
    """What was put back by hand and is rejected once more says nothing new, and what a project refuses is its wish."""
    return [
        one
        for one in batch.rejected
        if (one.position.ms, one.position.seq) not in batch.redriven and not one.reason.startswith(REJECTED)
    ]


def _events(rejected: list[Rejected]) -> int:
    return sum(max(1, one.events) for one in rejected)


def _one_among_others(batch: Batch, rejected: list[Rejected]) -> bool:
    """One damaged frame may hold thousands of events and says nothing of its neighbours."""
    return bool(batch.events) and len(rejected) == 1 and rejected[0].kind == "frame"
