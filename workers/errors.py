"""What can go wrong with a batch, one class per decision of the drain.

Fenced        another worker owns the shard: let go of it
NotNow        ClickHouse does not take the batch now: send the same batch again, for ever
Stopping      the worker was told to end while it waited: leave the batch in the pending list
BadRows       ClickHouse understands some row never: find it, set it aside, store its neighbours
Halted        so much would be set aside that the cause must lie here: do nothing, call somebody, look again
"""


class Fenced(Exception):
    """The lease was lost; whoever holds it now finds the batch in the pending list."""


class NotNow(Exception):
    """Away, busy, full, or an answer that nobody foresaw. Nothing is dropped for it."""


class BadRows(Exception):
    """The data itself is refused: sending it again as it is cannot help."""


class Halted(Exception):
    """The batch must not pass as it is. Nothing of it was inserted or acknowledged."""


class Stopping(Exception):
    """Told to end; the batch in hand stays in the pending list."""
