"""The questions of questions.sql, which clients ask at their start, and how the answers begin."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Question:
    """`row` holds the first values of the first row, empty for any; None: there is no row."""

    about: str
    names: list[str]
    row: list[str] | None
    text: str


def _read() -> Iterator[Question]:
    for block in Path(__file__).with_suffix(".sql").read_text().strip().split("\n\n")[1:]:
        head, _, text = block.partition("\n")
        about, names, row = (part.strip() for part in head.removeprefix("-- ").split("|"))
        yield Question(about, names.split(), None if row == "none" else row.split(), text)


QUESTIONS = tuple(_read())
