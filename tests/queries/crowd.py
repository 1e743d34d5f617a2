"""What people did, by plain Python: the sessions and persons that the engine works out, from all events at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

HALF_HOUR, DAY = 1_800_000, 86_400_000
PAGES = {"page_view", "pageview", "$pageview", "page", "screen_view", "screen", "$screen"}
NO_ACTIONS = PAGES | {
    *("identify", "session_start", "first_visit", "user_engagement", "engagement", "heartbeat", "page_leave"),
    *("$pageleave", "$identify", "$set"),
}
PLACEHOLDERS = {"undefined", "null", "0"}

Row = dict[str, Any]


@dataclass(frozen=True)
class Visit:
    """One session."""

    session: str
    started_at: int
    ended_at: int
    events: int
    page_views: int
    bounced: bool
    entry_page: str
    exit_page: str
    visitor: str
    user_id: str
    country: str


def once(rows: Iterable[Row]) -> list[Row]:
    """Each event once, in the order in which they happened."""
    found: dict[UUID, Row] = {row["event_id"]: row for row in rows}
    return sorted(found.values(), key=_moment)


def counted(row: Row, bots: str) -> bool:
    """Whether an event of a bot, or of a person, counts."""
    return bots == "include" or bool(row["bot"]) == (bots == "only")


def visitor(row: Row) -> str:
    for letter, name in (("c", "client_id"), ("u", "user_id"), ("v", "visitor_id")):
        if row[name]:
            return f"{letter}:{row[name]}"
    return ""


def visits(rows: Iterable[Row], since: int, until: int, bots: str = "exclude") -> list[Visit]:
    """The sessions that start in the range."""
    return [visit for visit, _ in stays(rows, since, until, bots)]


def stays(rows: Iterable[Row], since: int, until: int, bots: str = "exclude") -> list[tuple[Visit, list[Row]]]:
    """The same, each with the events of its first day."""
    read = sorted((row for row in once(rows) if counted(row, bots) and _session(row)), key=_session)
    found = [
        (_visit(session, part), [row for row in part if row["occurred_at"] < part[0]["occurred_at"] + DAY])
        for session, events in groupby(read, key=_session)
        for part in _parts(list(events), DAY if session.startswith("s:") else HALF_HOUR)
        if since <= part[0]["occurred_at"] < until
    ]
    return sorted(found, key=lambda one: (one[0].started_at, one[0].session))


def links(rows: Sequence[Row]) -> dict[str, str]:
    """Anonymous id -> user."""
    known = {row["user_id"] for row in rows}
    found: dict[str, str] = {}
    for row in once(rows):
        client_id, user_id = row["client_id"], row["user_id"]
        if "identify" not in {row["kind"], row["name"]} or not client_id or not user_id or client_id in known:
            continue
        if client_id not in PLACEHOLDERS and user_id not in PLACEHOLDERS:
            found.setdefault(client_id, user_id)
    return found


def person(row: Row, linked: dict[str, str]) -> str:
    if row["user_id"]:
        return f"u:{row['user_id']}"
    return f"u:{linked[row['client_id']]}" if row["client_id"] in linked else visitor(row)


def _moment(row: Row) -> tuple[int, int]:
    return row["occurred_at"], row["event_id"].int


def _session(row: Row) -> str:
    return f"s:{row['session_id']}" if row["session_id"] else visitor(row)


def _parts(events: list[Row], gap: int) -> list[list[Row]]:
    parts: list[list[Row]] = []
    last = 0
    for event in events:
        if parts and event["occurred_at"] - last <= gap:
            parts[-1].append(event)
        else:
            parts.append([event])
        last = event["occurred_at"]
    return parts


def _visit(session: str, part: list[Row]) -> Visit:
    start = part[0]["occurred_at"]
    kept = [row for row in part if row["occurred_at"] < start + DAY]
    views = [row for row in kept if row["name"] in PAGES]
    pages = [row["path"] for row in views if row["url"]]
    actions = [row for row in kept if row["name"] not in NO_ACTIONS and row["kind"] != "identify"]
    users = [row["user_id"] for row in kept if row["user_id"]]
    return Visit(
        session,
        start,
        kept[-1]["occurred_at"],
        len(kept),
        len(views),
        len(views) == 1 and not actions,
        pages[0] if pages else "",
        pages[-1] if pages else "",
        visitor(kept[0]),
        users[0] if users else "",
        kept[0]["country"],
    )
