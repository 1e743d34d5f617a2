"""How a command ends, and what it says when it ends badly.

CliError
  No             the service was asked and the answer is no
  WrongUsage     the command line or a setting is wrong
  Unreachable    a service did not answer, or does not let us in
Transient        asking again later is right; becomes `Unreachable` when patience ends
"""

import enum
from typing import Any


class Exit(enum.IntEnum):
    """Exit codes. They are part of the contract with scripts."""

    OK = 0
    NO = 1
    USAGE = 2
    SERVICE = 3
    #: a fault of this program itself
    FAULT = 70
    INTERRUPTED = 130


class CliError(Exception):
    """The text is one or two sentences for a person: what was wrong, where, what to do."""

    code = Exit.FAULT

    def __init__(self, message: str) -> None:
        super().__init__(message)
        #: what was done before, for --json
        self.document: dict[str, Any] = {}


class No(CliError):
    """An event was rejected, a key was not found, a check found a problem."""

    code = Exit.NO


class WrongUsage(CliError):
    """Nothing was asked of any service yet."""

    code = Exit.USAGE


class Unreachable(CliError):
    """The service is away, stayed unavailable for too long, or refused the key."""

    code = Exit.SERVICE


class Transient(Exception):
    """One attempt failed in a way that passes. `retry_after` is what the service asked for, in seconds."""

    def __init__(self, reason: str, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
