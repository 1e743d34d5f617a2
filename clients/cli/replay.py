"""`headrace replay`: brings back what ClickHouse lost, from the kept tail of the streams or from the archive."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

from clients.cli.bar import Bar
from clients.cli.errors import Exit, No, Unreachable, WrongUsage
from clients.cli.installation import opened
from clients.cli.lifetime import instant, now
from clients.cli.output import Invocation
from clients.cli.settings import Settings
from ingest_api import moment
from ingest_api.stream import Install, InstallMismatch, Redis, read_install
from workers.archives.archive import Archive, Object
from workers.archives.replay import TIMEOUT_SECONDS, Busy, Gap, Replay, Report
from workers.errors import NotNow

Flag = Annotated[bool, Parameter(negative=())]


@dataclass(frozen=True)
class _Asked:
    """What to replay. Times are Unix milliseconds."""

    first_ms: int | None
    until_ms: int
    shard: int | None
    installation: str | None
    from_archive: bool
    dry_run: bool


async def replay(
    *,
    from_: Annotated[str | None, Parameter(name="--from")] = None,
    to: str | None = None,
    shard: int | None = None,
    from_archive: Flag = False,
    installation: str | None = None,
    dry_run: Flag = False,
    cli: Annotated[Invocation, Parameter(parse=False)],
) -> Exit:
    """Insert again what ClickHouse lost; what it has stays as it is. May be interrupted and repeated.

    headrace replay --from 2026-11-21T14:00:00Z --to 2026-11-21T15:00:00Z
    headrace replay --from 90m --dry-run
    headrace replay --from-archive --from 2026-11-01 --to 2026-11-08

    Parameters
    ----------
    from_
        Events received from then on: an ISO 8601 time, UTC without an offset, or how long ago: 30m, 12h, 7d.
        Default: from the beginning of what is kept.
    to
        And before then; the same forms. Default: now.
    shard
        Only this shard. Default: all of them.
    from_archive
        Read the archive in HEADRACE_ARCHIVE instead of the streams.
    installation
        With --from-archive: the id of an archived installation, where it is an earlier one than today's.
    dry_run
        Only count what is missing.
    """
    if installation and not from_archive:
        raise WrongUsage("--installation belongs to --from-archive: the streams hold today's installation alone.")
    first_ms = None if from_ is None else instant("--from", from_)
    until_ms = now() if to is None else instant("--to", to)
    if first_ms is not None and first_ms >= until_ms:
        raise WrongUsage(f"--from {from_} is not before --to {to or 'now'}: nothing lies in between.")
    asked = _Asked(first_ms, until_ms, shard, installation, from_archive, dry_run)
    async with opened(cli) as redis:
        try:
            return await _replay(redis, cli, asked)
        except (InstallMismatch, Busy) as error:
            raise No(str(error)) from error
        except NotNow as error:
            raise Unreachable(f"{error}. Start the replay again when it is back: what it inserted stays.") from error


async def _replay(redis: Redis, cli: Invocation, asked: _Asked) -> Exit:
    url = cli.settings.need(
        "clickhouse_url", "Events are brought back there: set it as http://user:password@host:8123/"
    )
    install = await read_install(redis)
    with _Bar(cli) as bar:
        run = Replay(redis, install, url, bar.tell, geo_database=cli.settings.geo_database, dry_run=asked.dry_run)
        if asked.from_archive:
            archive = _archive(cli.settings, asked.installation or install.id)
            objects = await _objects(archive, asked)
            async with run.exclusively(tail=False):
                await run.from_archive(archive, objects)
        else:
            numbers = _shards(install, asked.shard)
            async with run.exclusively(tail=True):
                for number in numbers:
                    bar.part(numbers.index(number), len(numbers))
                    await run.from_tail(install.shards[number], asked.first_ms, asked.until_ms)
    return _tell(cli, run.report, await _remedies(cli.settings, install, run.report.gaps), asked)


def _tell(cli: Invocation, report: Report, gaps: Sequence[str], asked: _Asked) -> Exit:
    lines = [f"Compared {report.events:,} events: {_outcome(report, asked)}"]
    if report.rejected:
        verb = "are missing too" if asked.dry_run else "were missing too and are there again"
        lines.append(f"Of the rejected events {report.rejected:,} {verb}.")
    if report.refused:
        lines.append(f"ClickHouse refused {report.refused:,} of them: see `headrace rejected list`.")
    if report.too_old:
        lines.append(f"Left out {report.too_old:,} events that their projects keep no longer.")
    lines += [*gaps, *(f"Not read: {reason}." for reason in report.unreadable)]
    whole = not gaps and not report.unreadable
    back = asked.dry_run or report.restored + report.refused == report.missing
    cli.output.answer({**msgspec.to_builtins(report), "dry_run": asked.dry_run, "messages": lines[1:]}, *lines)
    return Exit.OK if whole and back else Exit.NO


def _outcome(report: Report, asked: _Asked) -> str:
    if not report.missing:
        return "nothing is missing."
    if asked.dry_run:
        return f"{report.missing:,} are missing. Nothing was inserted."
    return f"{report.missing:,} were missing, {report.restored:,} are there again."


async def _remedies(settings: Settings, install: Install, gaps: Sequence[Gap]) -> list[str]:
    """What to do about what the tail no longer holds, one sentence a gap."""
    told = []
    for gap in gaps:
        said = (
            f"Shard {gap.shard}: what was received from {moment.text(gap.first_ms)} on is in the streams no longer, "
            f"only from {moment.text(gap.until_ms)} on."
        )
        told.append(f"{said} {await _archived(settings, install, gap)}")
    return told


async def _archived(settings: Settings, install: Install, gap: Gap) -> str:
    if not settings.archive:
        return "HEADRACE_ARCHIVE is not set: if there is an archive, set it and use --from-archive."
    try:
        archive = _archive(settings, install.id)
        found = [one async for one in archive.objects(gap.first_ms, gap.until_ms) if one.shard == gap.shard]
    except NotNow as error:
        return f"Whether the archive has it cannot be told now: {error}."
    if not found:
        return "The archive has nothing of it either."
    bounds = f"--from {moment.text(gap.first_ms)} --to {moment.text(gap.until_ms + 999)} --shard {gap.shard}"
    return f"The archive has {len(found):,} objects of it: headrace replay --from-archive {bounds}"


async def _objects(archive: Archive, asked: _Asked) -> list[Object]:
    found = [one async for one in archive.objects(asked.first_ms or 0, asked.until_ms)]
    if asked.shard is not None:
        found = [one for one in found if one.shard == asked.shard]
    if not found:
        installs = ", ".join(await archive.installs()) or "none"
        raise No(f"The archive has nothing of this time. Installations in it: {installs}; see --installation.")
    return found


def _archive(settings: Settings, installation: str) -> Archive:
    where = settings.need("archive", "Set it as the workers have it: a folder, or s3://bucket/prefix.")
    try:
        return Archive(where, installation, TIMEOUT_SECONDS)
    except ValueError as error:
        raise WrongUsage(f"{error}.") from error


def _shards(install: Install, shard: int | None) -> list[int]:
    if shard is None:
        return list(range(install.shard_count))
    if not 0 <= shard < install.shard_count:
        raise WrongUsage(f"--shard {shard}: this installation has the shards 0 to {install.shard_count - 1}.")
    return [shard]


class _Bar(Bar):
    """The share of all parts that is done."""

    def __init__(self, cli: Invocation) -> None:
        columns = (TextColumn("replay"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        super().__init__(cli.output, *columns, total=1.0)
        self._base, self._parts = 0, 1

    def part(self, number: int, parts: int) -> None:
        """What follows is one of several parts."""
        self._base, self._parts = number, parts

    def tell(self, share: float) -> None:
        """So much of the part is done."""
        self.update(completed=(self._base + share) / self._parts)
