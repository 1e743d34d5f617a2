"""Errors: each ends the command with the code that stands in help and docs."""

import pytest

from clients.cli.app import ENDS
from clients.cli.errors import CliError, Exit, No, Unreachable, WrongUsage


@pytest.mark.parametrize(("error", "code"), [(No, 1), (WrongUsage, 2), (Unreachable, 3), (CliError, 70)])
def test_an_error_has_its_exit_code(error: type[CliError], code: int) -> None:
    assert error("why").code == code


@pytest.mark.parametrize("code", list(Exit))
def test_every_exit_code_stands_in_the_help(code: Exit) -> None:
    assert f" {int(code)} " in ENDS
