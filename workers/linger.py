"""Linger: how long a shard's events wait for company. An insert of a few costs ClickHouse hardly less than one of many.

The busier a drain is with its batches, the longer events wait: they come in fewer, larger inserts when the machine has
little to spare, and are visible soon when it has.
"""

from dataclasses import dataclass, field

#: shares of its time that a drain's batches take: up to the one events wait the least, from the other on the most
_CALM, _BUSY = 0.4, 0.7


@dataclass(slots=True)
class Linger:
    """Of one shard. All in seconds, by any one clock."""

    least: float
    most: float
    now: float = field(init=False)
    _busy: float = field(init=False, default=0.0)
    _stored: float = field(init=False, default=-float("inf"))

    def __post_init__(self) -> None:
        self.now = self.least

    def after(self, taken: float, stored: float) -> None:
        """A batch was taken then, and stored then."""
        busy = (stored - taken) / (stored - self._stored)
        self._busy = (self._busy + busy) / 2  # a longer linger makes it less busy: without the mean it would swing
        part = min(max((self._busy - _CALM) / (_BUSY - _CALM), 0.0), 1.0)
        self.now = self.least + max(self.most - self.least, 0.0) * part
        self._stored = stored
