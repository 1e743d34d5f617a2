"""A question to the query service, asked again until it is answered or patience ends."""

from collections.abc import Awaitable, Callable

from clients.cli.errors import Transient
from clients.cli.output import Invocation
from clients.cli.retry import SHORT_SECONDS, Patience
from clients.cli.service import Answer, Service


async def ask(cli: Invocation, path: str, params: dict[str, str]) -> Answer:
    """The answer. Raises what `Service.query` raises, and `Unreachable` after a while."""
    async with Service(cli.settings) as service:
        return await insist(cli, lambda: service.query(path, params))


async def insist(cli: Invocation, call: Callable[[], Awaitable[Answer]], seconds: float = SHORT_SECONDS) -> Answer:
    """Make the call until it is answered, and say why it is made again. Raises `Unreachable` after so many seconds."""
    patience = Patience(seconds, lambda why, pause: cli.output.note(f"{why} Trying again in {pause:.1f} s."))
    while True:
        try:
            return await call()
        except Transient as trouble:
            await patience.wait(trouble)
