"""`headrace stats`: a number, its course and its groups, and up to when it is complete."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter
from rich.console import RenderableType

from clients.cli.errors import Exit
from clients.cli.output import Invocation, table
from clients.cli.question import ask

Value = float | int | None
_BARS = "▁▂▃▄▅▆▇█"
_METRICS = (
    "What to count: event_count, page_views, visitors, unique_users, new_users, sessions, events_per_session, "
    "bounce_rate, session_duration, or sum, avg, min, max, p50, p95, p99 of a property: p95(properties.price)."
)


class Point(msgspec.Struct, omit_defaults=True):
    """One interval, by its start."""

    time: str
    value: Value
    previous: Value | msgspec.UnsetType = msgspec.UNSET
    partial: bool = False


class Group(msgspec.Struct, omit_defaults=True):
    """One combination of the dimensions' values."""

    dimensions: dict[str, str | int]
    value: Value
    previous: Value | msgspec.UnsetType = msgspec.UNSET
    change: float | msgspec.UnsetType | None = msgspec.UNSET
    series: list[Point] = []


class Comparison(msgspec.Struct):
    """The span before."""

    value: Value
    period: str = ""
    change: float | None = None


class Figure(msgspec.Struct, omit_defaults=True):
    """What was asked for."""

    metric: str
    value: Value
    period: str = ""
    series: list[Point] = []
    rows: list[Group] = []
    cursor: str = ""
    comparison: Comparison | None = None


class Freshness(msgspec.Struct):
    """Every event acknowledged before `fresh_through` is in the answer."""

    fresh_through: str = ""
    lag_seconds: float = 0.0
    warnings: list[str] = []


class StatsAnswer(msgspec.Struct):
    """Answer of GET /api/v1/stats."""

    data: Figure
    meta: Freshness = msgspec.field(default_factory=Freshness)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is asked for."""

    metric: Annotated[str, Parameter(help=_METRICS)] = "event_count"
    period: str | None = None
    """How far back: 15m, 24h, 7d; or today, yesterday, week, month, year, all; default 24h."""
    from_: Annotated[str | None, Parameter(name="--from")] = None
    """Start of the time asked about, ISO 8601."""
    to: str | None = None
    """End of the time asked about, ISO 8601."""
    timezone: str | None = None
    """Whose days and hours are meant, Europe/Berlin; default UTC."""
    interval: Literal["minute", "hour", "day", "week", "month"] | None = None
    """Also show how the number went."""
    by: str | None = None
    """Also show it for each group: up to 3 dimensions with commas between, country,properties.plan."""
    filter_: Annotated[str | None, Parameter(name="--filter")] = None
    """Only such events: country==DE;page~=/blog"""
    compare: Annotated[bool, Parameter(negative="")] = False
    """Also show the span before."""
    limit: int | None = None
    """Most groups."""
    cursor: str | None = None
    """Show the groups behind those of an earlier answer."""
    event_type: str | None = None
    """Only events of this name."""
    site: str | None = None
    """Site id; default HEADRACE_SITE_ID, else all sites of the key's project."""
    bots: Literal["exclude", "include", "only"] = "exclude"
    """Whether events of declared crawlers count."""

    def params(self, site: str) -> dict[str, str]:
        """The query string; what is left out is not in it."""
        wanted = {
            "metric": self.metric,
            "period": self.period or ("" if self.from_ or self.to else "24h"),
            "from": self.from_,
            "to": self.to,
            "timezone": self.timezone,
            "interval": self.interval,
            "group_by": self.by,
            "filter": self.filter_,
            "compare": "previous" if self.compare else "",
            "limit": str(self.limit) if self.limit is not None else "",
            "cursor": self.cursor,
            "event_type": self.event_type,
            "site_id": self.site or site,
            "bots": "" if self.bots == "exclude" else self.bots,
        }
        return {name: value for name, value in wanted.items() if value}


async def stats(wanted: Wanted | None = None, *, cli: Annotated[Invocation, Parameter(parse=False)]) -> Exit:
    """Ask the query service for a number.

    headrace stats
    headrace stats --metric visitors --period 30d --interval day --timezone Europe/Berlin
    headrace stats --metric "sum(properties.price)" --by country --filter "event==purchase" --compare
    headrace stats --from 2026-11-01 --to 2026-11-08 --json
    """
    params = (wanted or Wanted()).params(cli.settings.site_id)
    _show(cli, params.get("site_id", ""), (await ask(cli, "/api/v1/stats", params)).decode(StatsAnswer))
    return Exit.OK


def _show(cli: Invocation, site: str, answer: StatsAnswer) -> None:
    figure, freshness = answer.data, answer.meta
    told = {"fresh_through": freshness.fresh_through, "lag_seconds": freshness.lag_seconds}
    document = {**msgspec.to_builtins(figure), "site_id": site, **told}
    if freshness.warnings:
        document["warnings"] = freshness.warnings
    fresh = f"{freshness.fresh_through or 'unknown'} ({freshness.lag_seconds:.1f} s behind)"
    heads, row = ["site", "metric", "period", "value"], [site or "all", figure.metric, figure.period]
    row.append(_number(figure.value))
    if figure.comparison:
        heads += ["before", "change"]
        row += [_number(figure.comparison.value), _share(figure.comparison.change)]
    shown: list[RenderableType] = [table(*heads, "complete up to", rows=[[*row, fresh]])]
    if figure.series:
        shown += ["", sparkline([point.value for point in figure.series]), "", _course(figure.series)]
    if figure.rows:
        shown += ["", _groups(figure.rows)]
    cli.output.answer(document, *shown)
    for warning in freshness.warnings:
        cli.output.note(warning)
    if figure.cursor:
        cli.output.note(f"More: --cursor {figure.cursor}")


def sparkline(values: Sequence[Value]) -> str:
    """A bar for each value between nothing and the greatest, a space where it is not known."""
    top = max((value for value in values if value is not None), default=0)
    return "".join(" " if value is None else _bar(value, top) for value in values)


def _bar(value: float, top: float) -> str:
    share = value / top if top > 0 else 0
    return _BARS[max(0, min(len(_BARS) - 1, round(share * (len(_BARS) - 1))))]


def _course(points: Sequence[Point]) -> RenderableType:
    compared = any(point.previous is not msgspec.UNSET for point in points)
    rows = [
        [
            point.time,
            _number(point.value),
            *([_number(point.previous)] if compared else []),
            "…" if point.partial else "",
        ]
        for point in points
    ]
    return table("time", "value", *(["before"] if compared else []), "", rows=rows)


def _groups(groups: Sequence[Group]) -> RenderableType:
    compared = any(group.previous is not msgspec.UNSET for group in groups)
    drawn = any(group.series for group in groups)
    heads = [
        *groups[0].dimensions,
        "value",
        *(["before", "change"] if compared else []),
        *(["course"] if drawn else []),
    ]
    rows = []
    for group in groups:
        row = [*map(str, group.dimensions.values()), _number(group.value)]
        row += [_number(group.previous), _share(group.change)] if compared else []
        rows.append([*row, *([sparkline([point.value for point in group.series])] if drawn else [])])
    return table(*heads, rows=rows)


def _number(value: Value | msgspec.UnsetType) -> str:
    if value is None or value is msgspec.UNSET:
        return "none"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.3f}"


def _share(change: float | msgspec.UnsetType | None) -> str:
    return f"{change:+.1%}" if isinstance(change, float | int) else ""
