"""What a command prints: tables and lines for people, or JSON documents, on stdout; everything else on stderr."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from clients.cli.errors import Exit
from clients.cli.settings import Settings
from ingest_api.log_line import struck

#: columns of a table that nobody looks at on a screen
PIPE_WIDTH = 200


def _stdout() -> Console:
    return Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)


def _stderr() -> Console:
    return Console(file=sys.stderr, highlight=False, soft_wrap=True)


@dataclass
class Output:
    """One run's output. With `json`, stdout carries JSON and nothing else."""

    json: bool = False
    #: stdout is one JSON document per line and has no place for an error
    lines: bool = False
    out: Console = field(default_factory=_stdout)
    err: Console = field(default_factory=_stderr)

    def answer(self, document: Any, *shown: RenderableType) -> None:
        """The answer of the command: the document with --json, else what is shown."""
        if self.json:
            self._write(orjson.dumps(document, option=orjson.OPT_INDENT_2))
            return
        for part in shown:
            self.out.print(Text(part) if isinstance(part, str) else part)  # a plain text is no markup

    def line(self, document: Any, shown: RenderableType) -> None:
        """One of many answers, written at once."""
        if self.json:
            self._write(orjson.dumps(document))
        else:
            self.out.print(shown, soft_wrap=True)
            self.out.file.flush()

    def note(self, text: str) -> None:
        """A message beside the answer."""
        self.err.print(Text(text, style="dim"))

    def error(self, message: str, code: Exit, document: dict[str, Any] | None = None) -> None:
        """Why the command ends without an answer; `document` is what it did before. A library's words may be in it."""
        message = struck(message)
        if self.json and not self.lines:
            told = {"error": message, "exit_code": code, **(document or {})}
            self._write(orjson.dumps(told, option=orjson.OPT_INDENT_2))
        self.err.print(Text("headrace: ", style="bold red") + Text(message))

    def _write(self, document: bytes) -> None:
        self.out.file.write(document.decode() + "\n")
        self.out.file.flush()


@dataclass(frozen=True)
class Invocation:
    """What every command is given besides its own arguments."""

    settings: Settings
    output: Output
    #: --url or --key was given
    overridden: bool = False


def table(*columns: str, rows: Sequence[Sequence[str]]) -> Table:
    """A plain table; what stands in it is never read as markup."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        shown.add_column(column, overflow="fold")
    for row in rows:
        shown.add_row(*(Text(printable(cell)) for cell in row))
    return shown


def printable(text: str) -> str:
    """Text without control characters: data must not move the cursor or change the terminal."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
