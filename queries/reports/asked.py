"""What every report can be asked: the range, the zone, which events count, and whose they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta

from queries.questions import filters, sources, spans
from queries.questions.binder import Binder
from queries.questions.bots import Bots
from queries.questions.spans import Span
from queries.reports import people

Text = Annotated[str, Meta(max_length=100)]
By: TypeAlias = Literal["person", "visitor", "session"]
_PERIOD = "30d"


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The part of a body that all reports have."""

    period: Annotated[Text, Meta(description=f"that long back from now, or of the calendar; {_PERIOD} if left out")] = (
        ""
    )
    from_: Annotated[Text, Meta(description="instead of period: ISO 8601 or Unix ms")] = msgspec.field(
        name="from", default=""
    )
    to: Annotated[Text, Meta(description="the end that belongs to from, exclusive")] = ""
    timezone: Annotated[Text, Meta(description="whose days are meant, IANA name")] = "UTC"
    site_id: Annotated[str, Meta(max_length=127, description="events of this site, and those that name none")] = ""
    bots: Annotated[Bots, Meta(description="whether events of declared crawlers count")] = "exclude"
    filters: Annotated[list[Any], Meta(description="which events count, as in POST /api/v2/query")] = []


class Happening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Events of this name, or of any, that pass the filters."""

    event: Annotated[str, Meta(max_length=255)] = ""
    filters: list[Any] = []


@dataclass(frozen=True, slots=True)
class Scope:
    """One question's range and filters, and the parameters that its statement binds."""

    span: Span
    #: Unix milliseconds at which it was asked
    now: int
    binder: Binder
    #: of the events that are read at all
    read: str
    #: of the events that the report is about
    wanted: str

    def happens(self, event: str, raw: list[Any], place: str) -> str:
        """Whether an event is of this name, or of any, and passes filters. Raises `Refused` naming the place."""
        found = filters.condition(filters.parse(raw, place), self.binder)
        named = f"name = {self.binder.bind(event, 'String')} AND " if event else ""
        return f"({named}{found} AND {self.wanted})"


def scope(asked: Asked, project: str, now: int) -> Scope:
    """Checked and complete. Raises `Refused` naming the field."""
    span = spans.read(span_asked(asked), now)
    binder = Binder({"project": project}, zone=span.zone.key)
    read = people.of_project(asked.bots)
    site = f"site_id IN ({binder.bind(asked.site_id, 'String')}, '')" if asked.site_id else "1"
    realm = f"{read} AND {people.between(binder, span.since, span.until)} AND {site}"
    binder.doers = lambda such: sources.doers(f"{realm} AND {such}")
    wanted = filters.condition(filters.parse(asked.filters), binder)
    return Scope(span, now, binder, read, f"({wanted} AND {site})")


def span_asked(asked: Asked) -> Mapping[str, str]:
    """The fields that a span is read of, as a query string has them."""
    given = {"period": asked.period, "from": asked.from_, "to": asked.to, "timezone": asked.timezone}
    given = {name: value for name, value in given.items() if value}
    return given if given.keys() & {"period", "from", "to"} else {**given, "period": _PERIOD}
