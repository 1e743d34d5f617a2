"""The results of a run as a file, and as the table in docs/reliability.md. Nobody types a result."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from tests.faults.experiment import Result

ROOT = Path(__file__).parents[2]
RESULTS, PAGE = ROOT / "docs" / "reliability.json", ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- written by make faults -->\n", "<!-- until here -->\n"
_NOTE_CHARS = 160


def read(file: Path = RESULTS) -> dict[str, Result]:
    """Experiment -> its last result; empty before the first run."""
    return msgspec.json.decode(file.read_bytes(), type=dict[str, Result]) if file.exists() else {}


def merge(known: dict[str, Result], new: Iterable[Result]) -> dict[str, Result]:
    """The new ones in the place of older ones. Several of one name are several runs, of which the worst counts."""
    fresh: dict[str, Result] = {}
    for result in new:
        before = fresh.get(result.experiment)
        worst = before if before and before.verdict != before.expected else result
        fresh[result.experiment] = msgspec.structs.replace(worst, runs=before.runs + 1 if before else 1)
    return known | fresh


def write(results: dict[str, Result], order: Iterable[str], file: Path = RESULTS, page: Path = PAGE) -> None:
    """Keep the results of experiments that exist, in their order, and put them into the page."""
    kept = {name: results[name] for name in order if name in results}
    file.write_bytes(msgspec.json.format(msgspec.json.encode(kept)) + b"\n")
    page.write_text(filled(page.read_text(), kept.values()))


def filled(page: str, results: Iterable[Result]) -> str:
    """The page with this table between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{table(results)}{END}{after}"


def table(results: Iterable[Result]) -> str:
    """Markdown: experiment, how, invariant, result, date."""
    lines = ["| experiment | how | must hold | result | runs | date |", "|---|---|---|---|---|---|"]
    for result in results:
        cells = (result.experiment, result.how, result.invariant, said(result), str(result.runs), result.date)
        lines.append(f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |")
    return "\n".join(lines) + "\n"


def said(result: Result) -> str:
    """The verdict, and whether it is the one that was wanted."""
    note = result.note if len(result.note) <= _NOTE_CHARS else f"{result.note[:_NOTE_CHARS]} ..."
    if result.verdict != result.expected:
        return f"**{result.verdict}**, expected {result.expected}: {note}"
    return f"{result.verdict}{', as it must' if result.expected != 'PASS' else ''}: {note}"
