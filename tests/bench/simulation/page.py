"""The table in docs/scale.md that says how far simulation and reality are apart: written by the run itself."""

from collections.abc import Sequence
from pathlib import Path

from tests.bench.simulation.curves import Compared

BEGIN = "<!-- simulation: written by `python -m tests.bench --only simulation` -->"
END = "<!-- /simulation -->"
#: lag curves are hoped to be no further apart than this share
GOAL = 0.2
_HEAD = (
    "| scenario | peak of lag, measured and simulated | late (lag above 1 s), measured and simulated "
    "| area between the curves | within 20 % |\n|---|---|---|---|---|"
)


def row(name: str, one: Compared) -> str:
    """A scenario's line."""
    return (
        f"| {name} | {one.measured_peak:.1f} s, {one.simulated_peak:.1f} s | {one.measured_late:.1f} s, "
        f"{one.simulated_late:.1f} s | {one.distance:.0%} | {'yes' if one.distance <= GOAL else 'no'} |"
    )


def written(text: str, where: str, rows: Sequence[str]) -> str:
    """The document with this table in the place of the one before. Raises `ValueError` where it has none."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"docs/scale.md lacks the lines {BEGIN} and {END}, between which the table stands.")
    return "\n".join([before + BEGIN, "", where, "", _HEAD, *rows, "", end + after])


def write(document: Path, where: str, rows: Sequence[str]) -> None:
    """Replace the table of the document. Raises as `written`."""
    document.write_text(written(document.read_text(), where, rows))
