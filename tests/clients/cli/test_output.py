"""Output: documents on stdout, everything else on stderr, and no data that steers the terminal."""

import orjson
import pytest

from clients.cli.errors import Exit
from clients.cli.output import Output, printable, table


def test_with_json_only_the_document_is_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(json=True)
    output.note("wait")
    output.answer({"n": 1}, "shown")
    seen = capsys.readouterr()
    assert orjson.loads(seen.out) == {"n": 1}
    assert seen.err == "wait\n"


def test_without_json_what_is_shown_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    Output().answer({"n": 1}, "[red]three[/red]", table("a", rows=[["[b]"]]))
    assert capsys.readouterr().out.split() == ["[red]three[/red]", "a", "[b]"]


def test_an_error_is_a_document_too(capsys: pytest.CaptureFixture[str]) -> None:
    Output(json=True).error("It is away.", Exit.SERVICE, {"sent": 3})
    seen = capsys.readouterr()
    assert orjson.loads(seen.out) == {"error": "It is away.", "exit_code": 3, "sent": 3}
    assert seen.err == "headrace: It is away.\n"


def test_an_error_has_no_password_and_no_command_of_redis_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    said = "Command # 3 (SET headrace:secret planted\n) of pipeline caused error: OOM; redis://:planted@host:6379/0"
    Output(json=True).error(said, Exit.SERVICE)
    seen = capsys.readouterr()
    assert "Command # 3 of pipeline caused error: OOM; redis://***@host" in seen.err
    assert "planted" not in seen.out + seen.err


def test_control_characters_are_replaced() -> None:
    assert (
        printable("a\x1b[2Jb\x9bc\u202ed")
        == "a\N{REPLACEMENT CHARACTER}[2Jb\N{REPLACEMENT CHARACTER}c\N{REPLACEMENT CHARACTER}d"
    )
    assert printable("Grüße, 世界") == "Grüße, 世界"
