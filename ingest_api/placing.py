"""Placing: the events of one request on their way to their shards, and what became of each."""

import asyncio
from collections.abc import Sequence

from ingest_api.dialect import Verdict
from ingest_api.errors import Unavailable
from ingest_api.rules.normalise import Stamped

#: shard -> ids of the events that lie there now
Places = dict[int, list[bytes]]

_VERDICTS = {ord("0"): Verdict.NEW, ord("1"): Verdict.DUPLICATE, ord("2"): Verdict.MISMATCH}
_NEW = b"0"
_LETTERS = {verdict: bytes((letter,)) for letter, verdict in _VERDICTS.items()}


class Placing:
    """Positions are those of the request."""

    __slots__ = ("_became", "_error", "_places", "entries", "patient")

    def __init__(self, entries: Sequence[Stamped], places: Places | None, *, patient: bool = False) -> None:
        self.entries = entries
        self.patient = patient
        self._became = [Verdict.NEW] * len(entries)
        self._error: BaseException | None = None
        self._places = places

    def settle(self, shard: int, positions: Sequence[int], answer: bytes | BaseException) -> None:
        """What a shard said of these events: a byte per keyed one, or why it did not take them."""
        if isinstance(answer, BaseException):
            self.give_up(positions, answer)
            return
        if answer != _NEW * len(positions):  # as most are, all are keyed and new
            keyed = [position for position in positions if self.entries[position].digest]
            for position, letter in zip(keyed, answer, strict=True):
                self._became[position] = _VERDICTS[letter]
        if self._places is not None:
            ids = (self.entries[position].event_id for position in positions)
            self._places.setdefault(shard, []).extend(ids)

    def give_up(self, positions: Sequence[int], error: BaseException) -> None:
        """Nobody knows of these events."""
        self._error = self._error or error
        for position in positions:
            self._became[position] = Verdict.UNAVAILABLE

    def verdicts(self) -> list[Verdict]:
        """Of every event. Raises what was given up for where that was all."""
        if self._error is not None and all(one is Verdict.UNAVAILABLE for one in self._became):
            raise self._error
        return self._became


def home(digest: bytes, count: int) -> int:
    """The shard, of so many, of a key with this digest."""
    return int.from_bytes(digest[-4:], "big") % count


def homes(digests: Sequence[bytes], count: int) -> list[int]:
    """`home` of each."""
    if 256 % count:
        return [home(digest, count) for digest in digests]
    return [digest[-1] % count for digest in digests]  # the same: all bytes before the last are multiples


def verdict(answer: bytes) -> Verdict:
    """What became of one event, keyed or not, that a shard said this of."""
    return _VERDICTS[answer[0]] if answer else Verdict.NEW


def letter(entry: Stamped, became: Verdict) -> bytes:
    """What a shard would have said."""
    return _LETTERS[became] if entry.digest else b""


def pass_on(future: asyncio.Future[bytes], pursuit: asyncio.Task[bytes | Unavailable]) -> None:
    """Tell who waits for one event how the pursuit of it ended."""
    if future.done():
        return
    ended = Unavailable("The front door is stopping.") if pursuit.cancelled() else pursuit.result()
    if isinstance(ended, Unavailable):
        future.set_exception(ended)
    else:
        future.set_result(ended)
