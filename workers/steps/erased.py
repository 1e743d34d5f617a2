"""Drop what was erased: late arrivals, retries and replays of what a project has ordered to be forgotten."""

from workers.batch import Batch
from workers.forgotten import forgotten
from workers.reference import Reference


def erased(batch: Batch, reference: Reference) -> None:
    """Leave out events under a tombstone, among the rejected ones, too."""
    if not reference.tombstones:
        return
    known = forgotten(reference.tombstones, reference.secret)
    if hits := known.hits(batch.events):
        batch.erased += [position for position, hit in zip(batch.positions, hits, strict=True) if hit]
        batch.keep([not hit for hit in hits])
    gone = [one for one in batch.rejected if known.rejected(one)]
    if gone:
        places = {one.place for one in gone}
        batch.erased += [one.position for one in gone]
        batch.rejected = [one for one in batch.rejected if one.place not in places]
