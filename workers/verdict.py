"""A verdict: what of a batch is set aside, and why. Decided once, written down before anything of it is inserted.

The deduplication token names the entries, so what is inserted under it must never change: ClickHouse drops the second
block of a token whatever it holds. But what is set aside does not follow from the entries alone: the next build may
read what this one cannot, ClickHouse may change its mind, a child process may die for lack of memory this once. So
whoever comes to a batch that was judged takes the verdict that stands. It may grow, when more proves to be bad; each
round has a token of its own, so that no row is dropped for one of an earlier round. A batch of which nothing is set
aside needs no verdict.
"""

from collections.abc import Mapping

import msgspec


class Verdict(msgspec.Struct, frozen=True):
    """`aside`: place -> reason. A place is an event ("ms-seq:index") or a whole entry ("ms-seq")."""

    span: str
    round: int = 0
    aside: dict[str, str] = {}

    @property
    def token(self) -> str:
        """The batch's part of the deduplication token."""
        return f"{self.span}:{self.round}" if self.round else self.span

    def grown(self, aside: Mapping[str, str]) -> "Verdict":
        """The next round."""
        return Verdict(self.span, self.round + 1, dict(aside))


def encode(verdict: Verdict) -> bytes:
    """For Redis."""
    return msgspec.json.encode(verdict)


def standing(raw: bytes, span: str) -> Verdict | None:
    """The verdict in Redis when it is of this batch; one of an earlier batch says nothing."""
    verdict = msgspec.json.decode(raw, type=Verdict) if raw else None
    return verdict if verdict and verdict.span == span else None
