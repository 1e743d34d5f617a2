"""Ids of requests: every answer carries one, and a process never gives one twice."""

import itertools
import secrets

#: tells processes apart, and one process from its next life
_PREFIX = secrets.token_hex(6)
_numbers = itertools.count(1)


def next_id() -> str:
    """A new id: 20 hex digits or more."""
    return f"{_PREFIX}{next(_numbers):08x}"
