"""`headrace stats`: one number, and up to when it is complete."""

from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter

from clients.cli.errors import Exit
from clients.cli.output import Invocation, table
from clients.cli.question import ask


class Figure(msgspec.Struct):
    """What was asked for."""

    metric: str
    value: float | int | None
    period: str = ""


class Freshness(msgspec.Struct):
    """Every event acknowledged before `fresh_through` is in the answer."""

    fresh_through: str = ""
    lag_seconds: float = 0.0


class StatsAnswer(msgspec.Struct):
    """Answer of GET /api/v1/stats."""

    data: Figure
    meta: Freshness = msgspec.field(default_factory=Freshness)


async def stats(
    *,
    metric: str = "event_count",
    period: str | None = None,
    from_: Annotated[str | None, Parameter(name="--from")] = None,
    to: str | None = None,
    event_type: str | None = None,
    site: str | None = None,
    bots: Literal["exclude", "include", "only"] = "exclude",
    cli: Annotated[Invocation, Parameter(parse=False)],
) -> Exit:
    """Ask the query service for a number.

    headrace stats
    headrace stats --metric event_count --period 1h --event-type signup
    headrace stats --from 2026-11-01 --to 2026-11-08 --json

    Parameters
    ----------
    metric
        What to count: event_count, page_views, visitors, unique_users, new_users, sessions, events_per_session,
        bounce_rate or session_duration.
    period
        How far back: 15m, 24h, 7d; default 24h.
    from_
        Start of the time asked about, ISO 8601.
    to
        End of the time asked about, ISO 8601.
    event_type
        Only events of this name.
    site
        Site id; default HEADRACE_SITE_ID, else all sites of the key's project.
    bots
        Whether events of declared crawlers count.
    """
    wanted = {
        "metric": metric,
        "period": period or ("" if from_ or to else "24h"),
        "from": from_,
        "to": to,
        "event_type": event_type,
        "site_id": site or cli.settings.site_id,
        "bots": "" if bots == "exclude" else bots,
    }
    params = {name: value for name, value in wanted.items() if value}
    _show(cli, params.get("site_id", ""), (await ask(cli, "/api/v1/stats", params)).decode(StatsAnswer))
    return Exit.OK


def _show(cli: Invocation, site: str, answer: StatsAnswer) -> None:
    figure, freshness = answer.data, answer.meta
    document = {**msgspec.to_builtins(figure), "site_id": site, **msgspec.to_builtins(freshness)}
    fresh = f"{freshness.fresh_through or 'unknown'} ({freshness.lag_seconds:.1f} s behind)"
    row = [site or "all", figure.metric, figure.period, _number(figure.value), fresh]
    cli.output.answer(document, table("site", "metric", "period", "value", "complete up to", rows=[row]))


def _number(value: float | None) -> str:
    if value is None:
        return "none"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.3f}"
