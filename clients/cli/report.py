"""`headrace report`: funnels, retention, paths of visits and the usual lists."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
from cyclopts import Parameter
from cyclopts.validators import Number
from rich.console import RenderableType

from clients.cli import drawn
from clients.cli.errors import Exit, WrongUsage
from clients.cli.question import insist
from clients.cli.rejected import Cli
from clients.cli.service import Service

_PATH = "/api/v1/reports"


class Reported(msgspec.Struct):
    """Answer of every report."""

    data: dict[str, Any]
    meta: dict[str, Any]


@Parameter(name="*")
@dataclass(frozen=True)
class Range:
    """What is asked about. All reports have these options.

    Parameters
    ----------
    period
        How far back: 24h, 12w, month; default 30d.
    from_
        Start of the time asked about, ISO 8601.
    to
        End of the time asked about, ISO 8601.
    timezone
        Whose days are meant: Europe/Berlin.
    filters
        Which events count, a JSON array: '[["is","country",["DE"]]]'.
    site
        Site id; default HEADRACE_SITE_ID, else all sites of the key's project.
    bots
        Whether events of declared crawlers count.
    """

    period: str = ""
    from_: Annotated[str, Parameter(name="--from")] = ""
    to: str = ""
    timezone: str = ""
    filters: str = ""
    site: str = ""
    bots: Literal["exclude", "include", "only"] = "exclude"

    def fields(self, site: str) -> dict[str, Any]:
        """As a body has them."""
        given = {"period": self.period, "from": self.from_, "to": self.to, "timezone": self.timezone}
        given |= {"site_id": self.site or site, "bots": self.bots}
        return {name: value for name, value in given.items() if value}


_ALL = Range()


async def funnel(
    *steps: str,
    window: str = "7d",
    order: Literal["ordered", "strict"] = "ordered",
    by: Literal["person", "visitor", "session"] = "person",
    breakdown: str = "",
    limit: Annotated[int, Parameter(validator=Number(gte=1, lte=100))] = 10,
    range_: Range = _ALL,
    cli: Cli,
) -> Exit:
    """How many take some steps one after the other, and how long it takes them.

    headrace report funnel page_view signup purchase --window 7d
    headrace report funnel '{"event":"page_view","filters":[["is","page",["/pricing"]]]}' signup --breakdown country

    Parameters
    ----------
    steps
        Names of events in order, 2 to 20; or JSON with an event and filters.
    window
        The last step is at most so long after the first: 30s, 15m, 24h, 7d.
    order
        strict: with nothing else in between.
    by
        Who takes the steps.
    breakdown
        Also apart by a dimension of the first step's event, such as country or properties.plan.
    limit
        Values of the breakdown, those of most people first.
    """
    body: dict[str, Any] = {"steps": [_step(one) for one in steps], "window": window, "order": order, "by": by}
    body |= {"breakdown": breakdown, "limit": limit, **_body(range_, cli)}
    return await _show(cli, "funnel", body, drawn.funnel)


async def retention(
    *,
    start: str = "",
    back: str = "",
    interval: Literal["day", "week", "month"] = "day",
    mode: Literal["on", "on_or_after"] = "on",
    by: Literal["person", "visitor"] = "person",
    range_: Range = _ALL,
    cli: Cli,
) -> Exit:
    """Who comes back, cohort by cohort.

    headrace report retention --start signup --interval week --period 90d
    headrace report retention --mode on_or_after --timezone Europe/Berlin

    Parameters
    ----------
    start
        Name of the events that make somebody belong to a cohort; any when left out.
    back
        Name of the events that count as coming back; any when left out.
    interval
        What cohorts are made of.
    mode
        Back in just that period, or in that one or any later.
    by
        Who comes back.
    """
    body = {"start": {"event": start}, "back": {"event": back}, "interval": interval, "mode": mode, "by": by}
    width = cli.output.out.width
    return await _show(cli, "retention", body | _body(range_, cli), lambda data: drawn.retention(data, width))


async def paths(
    *,
    page: str = "",
    event: str = "",
    direction: Literal["next", "previous"] = "next",
    of: Literal["pages", "events", "both"] = "pages",
    steps: Annotated[int, Parameter(validator=Number(gte=1, lte=10))] = 3,
    top: Annotated[int, Parameter(validator=Number(gte=1, lte=50))] = 5,
    collapse: bool = True,
    range_: Range = _ALL,
    cli: Cli,
) -> Exit:
    """Where visits go from a page or an event, or come from.

    headrace report paths --page /pricing
    headrace report paths --event signup --direction previous --of both

    Parameters
    ----------
    page
        The page that paths begin at; without it and an event the start of a visit, or its end.
    event
        The event that paths begin at.
    direction
        What comes next, or what came before.
    of
        What a step is; both: pages and all other events.
    steps
        How many.
    top
        Nodes of a step; the rest is one.
    collapse
        Take the same again and again for one step.
    """
    anchor = {name: value for name, value in (("page", page), ("event", event)) if value}
    body: dict[str, Any] = {"direction": direction, "of": of, "steps": steps, "top": top, "collapse": collapse}
    body |= {"anchor": anchor or None, **_body(range_, cli)}
    return await _show(cli, "paths", body, drawn.paths)


async def top(
    *,
    lists: str = "",
    limit: Annotated[int, Parameter(validator=Number(gte=1, lte=100))] = 10,
    range_: Range = _ALL,
    cli: Cli,
) -> Exit:
    """The usual lists: pages, sources, countries and so on.

    headrace report top --period 7d
    headrace report top --lists pages,sources --limit 5

    Parameters
    ----------
    lists
        Which, with commas between; all when left out.
    limit
        Entries of a list.
    """
    params = {**range_.fields(cli.settings.site_id), "lists": lists, "limit": str(limit), "filter": range_.filters}
    return await _show(cli, "top", {name: value for name, value in params.items() if value}, drawn.top, "GET")


async def _show(
    cli: Cli,
    report: str,
    asked: dict[str, Any],
    draw: Callable[[dict[str, Any]], Sequence[RenderableType]],
    method: str = "POST",
) -> Exit:
    order, params = (asked, {}) if method == "POST" else (None, asked)
    async with Service(cli.settings) as service:
        answer = await insist(cli, lambda: service.query(f"{_PATH}/{report}", params, method=method, order=order))
    told = answer.decode(Reported)
    for warning in told.meta.get("warnings", []):
        cli.output.note(warning)
    cli.output.answer(msgspec.to_builtins(told), *([] if cli.output.json else draw(told.data)))
    return Exit.OK


def _body(asked: Range, cli: Cli) -> dict[str, Any]:
    fields = asked.fields(cli.settings.site_id)
    return fields | ({"filters": _json(asked.filters, "--filters")} if asked.filters else {})


def _step(text: str) -> Any:
    return _json(text, "A step") if text.startswith("{") else {"event": text}


def _json(text: str, what: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise WrongUsage(f"{what} is not JSON: {error}.") from error
