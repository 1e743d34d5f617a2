"""`headrace durability`: the level that the installation keeps events at, and whether its Redis does."""

from clients.cli.errors import Exit, No
from clients.cli.installation import opened
from clients.cli.projects import Cli
from ingest_api import stream
from ingest_api.durability import Level
from ingest_api.servers import layout

_MEANS = {
    Level.OS: "An acknowledged event outlives the end of Redis. A power cut costs about the last second.",
    Level.DISK: "An acknowledged event is on the disk of Redis.",
    Level.REPLICA: "An acknowledged event is on the disk of Redis and on that of a replica.",
}


async def keep_at(level: Level | None = None, /, *, cli: Cli) -> Exit:
    """Show the durability of the installation, or change it.

    headrace durability
    headrace durability replica

    A level that Redis is not set up for is not taken. Front doors that run keep the level they were started with:
    set HEADRACE_DURABILITY and start them again, one after the other.

    Parameters
    ----------
    level
        What an acknowledged event outlives. Left out, nothing is changed.
    """
    async with opened(cli) as redis:
        kept = (await stream.read_install(redis)).durability
        wanted = level or kept
        missing = await layout.lacks(redis, wanted)
        if missing:
            error = No(f"Redis does not keep events at {wanted}. {missing}")
            error.document = {"durability": kept, "kept": False}
            raise error
        if wanted is not kept:
            await stream.set_durability(redis, wanted)
            cli.output.note(f"Set HEADRACE_DURABILITY={wanted} for every front door, and start it again.")
    cli.output.answer({"durability": wanted, "kept": True}, f"{wanted}: {_MEANS[wanted]}")
    return Exit.OK
