"""`headrace backup` and `restore`: a whole installation into a folder or bucket, and out of it."""

import contextlib
from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

from clients.cli.bar import Bar
from clients.cli.consent import confirm
from clients.cli.errors import Exit, No, Unreachable, WrongUsage
from clients.cli.installation import opened
from clients.cli.output import Invocation
from ingest_api import moment
from ingest_api.projects.projects import Invalid
from ingest_api.stream import InstallMismatch
from workers.backups.backup import EXPORT, Backup, Busy
from workers.backups.depot import Depot
from workers.backups.restore import Refused, Report, Restore
from workers.backups.vault import Damaged, Manifest, NoBackup, Vault
from workers.erasing.erase import Places
from workers.errors import NotNow

Cli = Annotated[Invocation, Parameter(parse=False)]
Flag = Annotated[bool, Parameter(negative=())]

_WHERE = "It is where the events are: set it as http://user:password@host:8123/?database=headrace."


async def backup(target: str, /, *, clickhouse_to: str | None = None, base: str | None = None, cli: Cli) -> Exit:
    """Back up the installation as it is at one moment, while it goes on. May be interrupted and begun again.

    headrace backup /backups/2026-11-22
    headrace backup s3://backups/headrace/2026-11-22
    headrace backup s3://backups/headrace/2026-11-23 --clickhouse-to disk:backups --base s3://backups/headrace/2026-11-22

    Parameters
    ----------
    target
        A folder, or s3://bucket/prefix, that holds no backup yet.
    clickhouse_to
        Let the ClickHouse server write the tables itself, with BACKUP: disk:NAME, file:/path or s3://bucket/prefix,
        as the server knows it. Default: they are exported into the target.
    base
        With --clickhouse-to: an earlier backup with the same place. Only what is new since is written; keep both.
    """
    if base and not clickhouse_to:
        raise WrongUsage("--base belongs to --clickhouse-to: exported tables are whole each time.")
    with _Bar(cli, "backup") as bar:
        async with opened(cli) as redis, _told():
            depot = Depot(clickhouse_to) if clickhouse_to else None
            url = cli.settings.need("clickhouse_url", _WHERE)
            earlier = await _base(base, depot) if base and depot else ""
            run = Backup(redis, url, Vault(target), bar.tell, depot=depot, base=earlier)
            made = await run.run()
    how = "its tables exported into it" if made.tables_in == EXPORT else f"its tables in {made.tables_in}/{made.id}"
    cli.output.answer(
        _shown(made),
        f"{target} holds backup {made.id}, {how}: {_counted(made)}.",
        f"Every event that was acknowledged before {moment.text(made.fresh_through)} is in it.",
    )
    return Exit.OK


async def restore(
    source: str,
    /,
    *,
    replace: Flag = False,
    erasures: str | None = None,
    check: Flag = False,
    yes: Flag = False,
    cli: Cli,
) -> Exit:
    """Restore an installation into empty stores, while no service runs. May be interrupted and begun again.

    headrace restore /backups/2026-11-22 --check
    headrace restore s3://backups/headrace/2026-11-22
    headrace restore /backups/2026-11-22 --erasures /backups/2026-11-29 --replace

    Parameters
    ----------
    source
        A folder, or s3://bucket/prefix, with a backup.
    replace
        Take away the installation that is there.
    erasures
        A later backup of the same installation: what was erased until then is erased here, too.
    check
        Only read every file and see that it is as it was written.
    yes
        Do not ask before --replace.
    """
    with _Bar(cli, "restore") as bar:
        async with opened(cli) as redis, _told():
            url = cli.settings.need("clickhouse_url", _WHERE)
            later = Vault(erasures) if erasures else None
            run = Restore(
                redis, Places(url, cli.settings.archive), Vault(source), bar.tell, replace=replace, later=later
            )
            if check:
                found = await run.proved()
                cli.output.answer(_shown(found), f"{source} is whole: {_counted(found)}.")
                return Exit.OK
            if replace and not yes:
                with bar.aside():
                    confirm("Take away the installation that is there, with all its events?", "Nothing was changed.")
            report = await run.run()
    cli.output.answer(msgspec.to_builtins(report), *_lines(report))
    return Exit.NO if report.problems else Exit.OK


async def _base(where: str, depot: Depot) -> str:
    found = await Vault(where).manifest()
    if found.tables_in != depot.where:
        raise WrongUsage(f"{where} has its tables in {found.tables_in}, not in {depot.where}: it can be no base.")
    return found.id


def _lines(report: Report) -> list[str]:
    rows = sum(report.tables.values())
    lines = [f"Backup {report.backup} is restored: {rows:,} rows, {report.waiting:,} events wait for workers."]
    if report.migrations:
        lines.append(f"Brought forward by {', '.join(report.migrations)}.")
    if report.erasures:
        lines.append(f"{report.erasures:,} erasures were made again; workers go on with {report.erasing:,} of them.")
    lines.append(f"Every event that was acknowledged before {moment.text(report.fresh_through)} is there, or waits.")
    return [*lines, *(f"Not as it was: {problem}." for problem in report.problems)]


def _shown(made: Manifest) -> object:
    """The manifest without its list of files."""
    document = msgspec.to_builtins(made)
    return {**document, "files": len(made.files), "bytes": sum(one.bytes for one in made.files.values())}


def _counted(made: Manifest) -> str:
    waiting = sum(one.events for one in made.shards)
    size = sum(one.bytes for one in made.files.values()) / 1e6
    rows = made.tables.get("events", 0)
    return f"{rows:,} rows of events, {waiting:,} waiting, {made.counts['projects']:,} projects, {size:,.1f} MB"


@contextlib.asynccontextmanager
async def _told() -> AsyncIterator[None]:
    """What can go wrong, as the end of a command."""
    try:
        yield
    except (Busy, Refused, Damaged, NoBackup, InstallMismatch) as error:
        raise No(str(error)) from error
    except NotNow as error:
        raise Unreachable(f"{error}. Type the same command again when it is back.") from error
    except Invalid:
        raise
    except ValueError as error:
        raise WrongUsage(str(error)) from error


class _Bar(Bar):
    """The share of the thing at hand that is done."""

    def __init__(self, cli: Invocation, what: str) -> None:
        columns = (TextColumn(what), TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
        super().__init__(cli.output, *columns, TimeElapsedColumn(), total=1.0)

    def tell(self, what: str, share: float) -> None:
        """So much of one thing is done."""
        self.update(description=what, completed=share)
