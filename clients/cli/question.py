"""A question to the query service, asked again until it is answered or patience ends."""

from clients.cli.errors import Transient
from clients.cli.output import Invocation
from clients.cli.retry import SHORT_SECONDS, Patience
from clients.cli.service import Answer, Service


async def ask(cli: Invocation, path: str, params: dict[str, str]) -> Answer:
    """The answer. Raises what `Service.query` raises, and `Unreachable` after a while."""
    patience = Patience(SHORT_SECONDS, lambda why, pause: cli.output.note(f"{why} Trying again in {pause:.1f} s."))
    async with Service(cli.settings) as service:
        while True:
            try:
                return await service.query(path, params)
            except Transient as trouble:
                await patience.wait(trouble)
