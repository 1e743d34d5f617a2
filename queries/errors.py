"""What the query service says no with: one exception, its status and its sentence."""


class Refused(Exception):
    """The question is not answered; the message says why and what to ask instead."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class StoreUnavailable(Exception):
    """ClickHouse did not answer in time; asking again later is right."""
