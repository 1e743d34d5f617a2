"""Page: where an answer goes on. A cursor pins the span, so that pages of `24h` do not move between requests. Leaf."""

from dataclasses import dataclass, replace

from queries.errors import Refused
from queries.questions.question import MAX_OFFSET, Question


@dataclass(frozen=True, slots=True)
class Cursor:
    """How many rows came before, of which span and question. Written as four words with dots between."""

    offset: int
    since: int
    until: int | None
    tag: str

    def __str__(self) -> str:
        return f"{self.offset}.{self.since}.{'' if self.until is None else self.until}.{self.tag}"


def turned(question: Question, cursor: str) -> Question:
    """The question from its cursor on. Raises `Refused` for a cursor of another question, or of none."""
    if not cursor:
        return question
    parts = cursor.split(".")
    numbers = [part for part in (*parts[:2], *parts[2:3]) if part]
    if len(parts) != 4 or not all(part.isascii() and part.isdigit() and len(part) < 15 for part in numbers):
        raise Refused(400, "cursor: must be one that an earlier answer gave.")
    offset, since, until = (int(part) if part else None for part in parts[:3])
    if offset is None or since is None or offset > MAX_OFFSET or since >= (10**15 if until is None else until):
        raise Refused(400, "cursor: must be one that an earlier answer gave.")
    if parts[3] != question.tag():
        raise Refused(400, "cursor: is of another question. Ask the same one, with another limit at most.")
    return replace(question, offset=offset, span=replace(question.span, since=since, until=until))


def next_cursor(question: Question) -> str:
    """Of the page behind this one."""
    span = question.span
    return str(Cursor(question.offset + (question.limit or 0), span.since, span.until, question.tag()))
