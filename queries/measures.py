"""Measures: public name -> aggregate in ClickHouse's SQL, and what it is worked out of. A new measure is a new row."""

from dataclasses import dataclass

from queries.sources import SEEN_BEFORE, Source, events, persons, sessions


@dataclass(frozen=True, slots=True)
class Measure:
    """`value` is one number, or NULL where there is nothing to divide by."""

    value: str
    of: Source
    meaning: str


MEASURES: dict[str, Measure] = {
    "event_count": Measure("count()", events, "the number of events, each counted once however often it was sent"),
    "page_views": Measure("countIf(is_page_view)", events, "events that are page views"),
    "visitors": Measure(
        "uniqExactIf(visitor, visitor != '')",
        events,
        "devices: different client ids, or user ids where there is none, or cookieless visitors of a day",
    ),
    "unique_users": Measure("uniqExact(person)", persons, "people: a user and the anonymous ids linked to it are one"),
    "new_users": Measure(
        f"uniqExactIf(person, NOT startsWith(person, 'v:') AND person NOT IN ({SEEN_BEFORE}))",
        persons,
        "people without any event before the range; cookieless visitors are left out",
    ),
    "sessions": Measure("count()", sessions, "sessions that start in the range"),
    "events_per_session": Measure("avgOrNull(events)", sessions, "mean number of events of these sessions"),
    "bounce_rate": Measure(
        "countIf(bounced) / nullIf(countIf(page_views > 0), 0)",
        sessions,
        "share, 0 to 1, of those with a page view that have just one and no action",
    ),
    "session_duration": Measure("avgOrNull(duration)", sessions, "mean seconds from their first event to their last"),
}
