"""What the query service says no with.

Refused            the question or order is not followed: a status and a sentence
StoreUnavailable   ClickHouse did not answer in time
NotReady           a part is missing; only asked for by /readyz
"""

from collections.abc import Sequence

from ingest_api.errors import Detail


class Refused(Exception):
    """The question is not answered; the message says why and what to ask instead."""

    def __init__(self, status: int, message: str, details: Sequence[Detail] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        #: what is wrong with each field of a body
        self.details = tuple(details)


class StoreUnavailable(Exception):
    """ClickHouse did not answer in time; asking again later is right."""


class NotReady(Exception):
    """No question could be answered now; the text names the part that is missing."""
