"""What became of a batch: counted for the ledger, explained for whoever asks, written down by the commit.

Counted by the runs of the frames: what is rejected, repeated or erased is taken off, the rest is stored. No
work per event.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ingest_api import runs
from ingest_api.ledger import MINUTE_MS
from workers.batch import Batch, Claim

#: what `{sNN}:rejected` holds at the most: events, and characters of each reason
MAX_REASONS = 10_000
MAX_REASON = 300

#: minute of the entry (Unix time in minutes), project, outcome
Line = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class Landed:
    """What a commit takes."""

    entry_ids: list[str]
    stored: int = 0
    rejected: int = 0
    repeated: int = 0
    #: events by line of the ledger
    ledger: Mapping[Line, int] = field(default_factory=dict)
    #: event id (32 hex digits) -> why the event was rejected
    reasons: Mapping[str, str] = field(default_factory=dict)
    erased: int = 0


def land(batch: Batch) -> Landed:
    """A batch that ClickHouse took."""
    stored, repeated, erased = len(batch.events), len(batch.repeated), len(batch.erased)
    rejected = batch.claimed - stored - repeated - erased
    return Landed(batch.entry_ids, stored, rejected, repeated, _ledger(batch), _reasons(batch), erased)


def _reasons(batch: Batch) -> dict[str, str]:
    """No more, and no longer, than Redis is to keep: ClickHouse has them all."""
    known = [one for one in batch.rejected if one.event_id]
    return {one.event_id.hex(): one.reason[:MAX_REASON] for one in known[-MAX_REASONS:]}


def _ledger(batch: Batch) -> Counter[Line]:
    counts: Counter[Line] = Counter()
    claims = {(claim.ms, claim.seq): claim for claim in batch.claims}
    _add(counts, "stored", _shares(batch.claims))
    rejected = [(one.position, one.kind == "frame") for one in batch.rejected]
    repeated = [(position, False) for position in batch.repeated]
    erased = [(position, False) for position in batch.erased]
    for outcome, gone in (("rejected", rejected), ("repeated", repeated), ("erased", erased)):
        for position, whole in gone:
            claim = claims.get((position.ms, position.seq))
            if claim is not None:
                shares = list(_shares([claim])) if whole else _share_of(claim, position.index)
                _add(counts, outcome, shares)
                _add(counts, "stored", [(minute, project, -count) for minute, project, count in shares])
    return Counter({line: count for line, count in counts.items() if count})


def _add(counts: Counter[Line], outcome: str, shares: Iterable[tuple[int, str, int]]) -> None:
    for minute, project, count in shares:
        counts[minute, project, outcome] += count


def _shares(claims: Iterable[Claim]) -> Iterable[tuple[int, str, int]]:
    for claim in claims:
        for project, count in runs.live(claim.runs, claim.skip):
            yield claim.ms // MINUTE_MS, project, count


def _share_of(claim: Claim, index: int) -> list[tuple[int, str, int]]:
    project = runs.owner(claim.runs, index)
    return [] if project is None else [(claim.ms // MINUTE_MS, project, 1)]
