"""The logs of all parts as one, each line with the name of its part."""

import time
from collections.abc import Iterator
from pathlib import Path

_LAST_LINES = 20
_POLL_SECONDS = 0.2


def read(folder: Path, *, follow: bool) -> Iterator[tuple[str, str]]:
    """Part name and line: the end of each log, then, with `follow`, whatever is written from there on, for ever."""
    tails = {log: Tail(log) for log in _logs(folder)}
    for log, tail in tails.items():
        yield from ((log.stem, line) for line in tail.lines()[-_LAST_LINES:])
    while follow:
        time.sleep(_POLL_SECONDS)
        for log in _logs(folder):
            yield from ((log.stem, line) for line in tails.setdefault(log, Tail(log)).lines())


class Tail:
    """Reads a log on from where it was, whole lines only; begins again where the file was replaced."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._position = 0

    def lines(self) -> list[str]:
        """The complete lines since the last call."""
        if self._log.stat().st_size < self._position:
            self._position = 0
        with self._log.open("rb") as file:
            file.seek(self._position)
            whole, newline, _ = file.read().rpartition(b"\n")
        self._position += len(whole) + len(newline)
        return whole.decode(errors="replace").splitlines() if newline else []


def _logs(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.log"))
