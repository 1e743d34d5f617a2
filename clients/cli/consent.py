"""Consent: a person says yes before something is done that cannot be undone with a word."""

import sys

from clients.cli.errors import No, WrongUsage


def confirm(question: str, otherwise: str) -> None:
    """Raises `No` with `otherwise` unless a person says yes, and `WrongUsage` where there is none."""
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    said = sys.stdin.readline()
    if not said:
        raise WrongUsage("Nobody is there to be asked: say --yes.")
    if said.strip().lower() not in {"y", "yes"}:
        raise No(otherwise)
