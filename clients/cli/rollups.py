"""`headrace rollups`: how far hours are rolled up, and the order to roll a project up again."""

from typing import Annotated

from clickhouse_connect.driver.exceptions import ClickHouseError
from cyclopts import Parameter

from clients.cli.errors import Exit, Unreachable
from clients.cli.output import Invocation
from clients.cli.settings import without_password
from ingest_api import moment
from workers.clickhouse.visit import visit
from workers.rollups import upkeep
from workers.rollups.rollup import state

_SECONDS = 60


async def rollups(*, again: str = "", cli: Annotated[Invocation, Parameter(parse=False)]) -> Exit:
    """Show how far hours are rolled up.

    headrace rollups
    headrace rollups --again shop

    Parameters
    ----------
    again
        Roll up every hour of this project again, after rows of `events` were changed by hand. Answers stay right
        meanwhile: they are read of the events.
    """
    url = cli.settings.need("clickhouse_url", "Rollups are there: set it as http://user:password@host:8123/")
    try:
        async with visit(url, _SECONDS) as client:
            if again:
                await upkeep.renew(client, again)
            now = await state(client)
    except (ClickHouseError, OSError) as error:
        said = str(error).partition("\n")[0]
        raise Unreachable(f"ClickHouse at {without_password(url)} does not answer as it should: {said}") from error
    back_to = moment.text(now.back_to * 1000) if now.closed else ""
    told = [f"{now.closed:,} of {now.hours:,} hours with events are rolled up{back_to and f', back to {back_to}'}."]
    if now.changed:
        told.append(f"{now.changed:,} have changed since, and are rolled up again soon.")
    if now.open_rows:
        told.append(f"{now.open_rows:,} events are in hours that are read as they are.")
    cli.output.answer({**now._asdict(), "back_to": back_to}, *told)
    return Exit.OK
