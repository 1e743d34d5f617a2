"""Drop events that the batch holds twice: the index forgets after its window, the id does not."""

from workers.batch import Batch
from workers.reference import Reference


def dedupe(batch: Batch, _reference: Reference) -> None:
    """Keep the first of equal ids. Across batches ReplacingMergeTree does the same."""
    if len({event.event_id for event in batch.events}) == len(batch.events):
        return
    ids = [(event.project, event.event_id) for event in batch.events]
    seen: set[tuple[str, bytes]] = set()
    wanted = [not (one in seen or seen.add(one)) for one in ids]  # type: ignore[func-returns-value]  # add is None
    batch.repeated += [position for position, keep in zip(batch.positions, wanted, strict=True) if not keep]
    batch.keep(wanted)
