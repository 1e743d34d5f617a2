"""`headrace migrate`: what the schema in ClickHouse lacks of this build; and applies it, before or after an upgrade."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Literal

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from cyclopts import Parameter

from clients.cli.errors import Exit, No, Unreachable
from clients.cli.output import Invocation
from clients.cli.settings import without_password
from workers import migrate as migrations
from workers.migrate import Migration, MigrationError, Phase

_WHERE = "The schema is there: set it as http://user:password@host:8123/?database=headrace."
_WORKERS = "Workers say there which build they are: set it as redis://host:6379/0."


async def migrate(
    action: Literal["plan", "apply"] = "plan",
    /,
    *,
    phase: Phase = "all",
    cli: Annotated[Invocation, Parameter(parse=False)],
) -> Exit:
    """Show what the schema lacks, or apply it. The order of an upgrade is in docs/upgrade.md.

    headrace migrate
    headrace migrate apply --phase pre
    headrace migrate apply --phase post

    Parameters
    ----------
    action
        plan shows what would be applied.
    phase
        pre: what adds, before processes of this build start. post: what takes away, after the last older one is gone.
    """
    url = cli.settings.need("clickhouse_url", _WHERE)
    redis_url = cli.settings.need("redis_url", _WORKERS) if action == "apply" else ""

    def run() -> tuple[Sequence[Migration], str]:
        client: Client = migrations.connect(url)
        try:
            if action == "plan":
                return migrations.pending(client, phase), ""
            return migrations.upgrade(client, redis_url, phase)
        finally:
            client.close()

    try:
        done, waits = await asyncio.to_thread(run)
    except MigrationError as error:
        raise No(str(error)) from error
    except (ClickHouseError, OSError) as error:
        said = str(error).partition("\n")[0]
        raise Unreachable(f"ClickHouse at {without_password(url)} does not answer as it should: {said}") from error
    if waits and phase == "post":
        raise No(waits)
    names = [one.name for one in done]
    verb = "applied" if action == "apply" else "to be applied"
    shown = [f"{verb}: {name}" for name in names] or ([] if waits else ["Nothing is missing."])
    cli.output.answer({action: names, "waits": waits}, *shown)
    if waits:
        cli.output.note(waits)
    return Exit.OK
