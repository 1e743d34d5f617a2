"""`headrace export`: the events of a stretch of time into a file, window by window; it goes on where it stopped."""

import functools
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter
from cyclopts.validators import Number
from rich.progress import BarColumn, TextColumn, TimeRemainingColumn

from clients.cli.bar import Bar
from clients.cli.errors import Exit, WrongUsage
from clients.cli.lifetime import instant, now
from clients.cli.output import Invocation, Output
from clients.cli.question import insist
from clients.cli.rejected import data
from clients.cli.service import Answer, Service
from clients.cli.unfinished import Plan, Unfinished
from clients.cli.windows import Window, cut, spans
from ingest_api.moment import parse

#: of what is asked for at once: the service's own bound is 100 days
_HOURS_SPAN_MS = 90 * 86_400_000
#: it outlives a restart of the service
_GIVE_UP_SECONDS = 60.0


class Hour(msgspec.Struct):
    """How many events an hour has."""

    at: str
    events: int


class Hours(msgspec.Struct):
    """Answer of GET /api/v1/export/hours."""

    project: str
    before: int
    hours: list[Hour]


async def export(
    *,
    from_: Annotated[str, Parameter(name="--from")],
    to: str = "",
    format: Literal["csv", "ndjson", "parquet"] = "ndjson",  # noqa: A002  # the option's name
    out: str = "",
    event_type: str = "",
    columns: str = "",
    window: Annotated[int, Parameter(validator=Number(gte=1, lte=150_000))] = 50_000,
    cli: Annotated[Invocation, Parameter(parse=False)],
) -> Exit:
    """Write the events of a stretch of time into a file, each once. Started again, it goes on where it stopped.

    headrace export --from 7d
    headrace export --from 2026-11-01 --to 2026-12-01 --format csv --out november.csv
    headrace export --from 90d --format parquet --out events --columns occurred_at,name,user_id

    Parameters
    ----------
    from_
        What occurred from then on: an ISO 8601 time, UTC without an offset, or how long ago: 30m, 12h, 7d.
    to
        And before then; the same forms. Default: now.
    format
        csv, ndjson (one JSON document a line), or parquet (a folder with a file for each window).
    out
        The file, or folder, which must not be there yet. Default: events.FORMAT.
    event_type
        Only events of this name.
    columns
        With commas between. Default: all.
    window
        About so many events are asked for at a time.
    """
    asked = {"from": from_, "to": to, "format": format, "event-type": event_type, "columns": columns}
    asked = {name: value for name, value in asked.items() if value} | {"window": str(window)}
    return await _export(cli, asked, Path(out or f"events.{format}"))


async def _export(cli: Invocation, asked: dict[str, str], path: Path) -> Exit:
    folder = asked["format"] == "parquet"
    unfinished = Unfinished(path, folder=folder)
    async with Service(cli.settings) as service:
        run = _Run(cli, service, unfinished)
        try:
            if unfinished.find(asked):
                cli.output.note(f"Going on with {path}: {run.done:,} of {run.total:,} events are there.")
            else:
                unfinished.begin(await run.plan(asked))
            with unfinished.opened():
                await run.finish()
        except OSError as error:
            raise WrongUsage(f"{path} cannot be written: {error.strerror}.") from error
    files = {"files": len(unfinished.state.plan.windows)} if folder else {}
    cli.output.answer({"out": str(path), "events": run.total, **files}, f"{run.total:,} events are in {path}.")
    return Exit.OK


class _Run:
    """One run of the command."""

    def __init__(self, cli: Invocation, service: Service, unfinished: Unfinished) -> None:
        self._cli = cli
        self._service = service
        self._unfinished = unfinished

    @property
    def done(self) -> int:
        """Events that are in the file."""
        state = self._unfinished.state
        return sum(one.events for one in state.plan.windows[: state.done])

    @property
    def total(self) -> int:
        """Events that will be."""
        return sum(one.events for one in self._unfinished.state.plan.windows)

    async def plan(self, asked: dict[str, str]) -> Plan:
        """Count what there is now: what arrives later belongs to another export."""
        from_ms = instant("--from", asked["from"])
        to_ms = instant("--to", asked["to"]) if "to" in asked else now()
        if from_ms >= to_ms:
            raise WrongUsage(f"--from {asked['from']} is not before --to {asked.get('to', 'now')}.")
        params = {"event_type": asked["event-type"]} if "event-type" in asked else {}
        hours: list[tuple[int, int]] = []
        for start, end in spans(from_ms, to_ms, _HOURS_SPAN_MS):
            with self._cli.output.err.status("counting ..."):
                found = await self._hours(params | {"from": _text(start), "to": _text(end)})
            params |= {"before": _text(found.before), "project": found.project}
            hours += [(parse(one.at) or 0, one.events) for one in found.hours]
        params["format"] = asked["format"]
        params |= {"columns": asked["columns"]} if "columns" in asked else {}
        return Plan(asked, params, cut(hours, from_ms, to_ms, int(asked["window"])))

    async def finish(self) -> None:
        """The windows that are missing, one after the other."""
        state = self._unfinished.state
        with Written(self._cli.output, self.total, self.done) as bar:
            while state.done < len(state.plan.windows):
                one = state.plan.windows[state.done]
                await insist(self._cli, functools.partial(self._window, one), _GIVE_UP_SECONDS)
                bar.add(one.events)
        self._unfinished.finish()

    async def _hours(self, params: dict[str, str]) -> Hours:
        answer = await insist(self._cli, lambda: self._service.query("/api/v1/export/hours", params))
        found: Hours = data(answer, Hours)
        return found

    async def _window(self, one: Window) -> Answer:
        state = self._unfinished.state
        params = {**state.plan.params, "from": _text(one.from_ms), "to": _text(one.to_ms)}
        if one.slices > 1:
            params["slice"] = f"{one.slice}/{one.slices}"
        if state.done and params["format"] == "csv":
            params["header"] = "no"
        with self._unfinished.window() as file:
            return await self._service.query("/api/v1/export", params, sink=file.write)


class Written(Bar):
    """Events in the file of those counted, how fast, and what time is left."""

    def __init__(self, output: Output, total: int, done: int) -> None:
        count = TextColumn("{task.completed:,.0f} of {task.total:,.0f} events  {task.fields[rate]:,.0f}/s")
        super().__init__(output, count, BarColumn(), TimeRemainingColumn(), total=total, completed=done, rate=0.0)
        self._total, self._first, self._done = total, done, done

    def add(self, events: int) -> None:
        """So many more are in the file."""
        self._done += events
        rate = (self._done - self._first) / max(self.seconds, 1e-3)
        self.update(completed=self._done, rate=rate)
        self.say(f"{self._done:,} of {self._total:,} events, {rate:,.0f} a second")


def _text(unix_ms: int) -> str:
    """As the service takes Unix milliseconds: thirteen digits."""
    return f"{unix_ms:013}"
