"""Questions about who is who -> ClickHouse SQL. Pure: text and bound parameters; the project is always bound."""

from queries.sql import Statement

_IDENTITIES = "FROM identities(project={project:String})"
#: events that name the user, and those that name nobody but an id of hers
_OF_USER = (
    "project = {project:String} AND (user_id = {user_id:String} OR (user_id = '' AND client_id IN "
    f"(SELECT client_id {_IDENTITIES} WHERE user_id = {{user_id:String}})))"
)


def identities(project: str, client_id: str, limit: int) -> Statement:
    """client_id, user_id, since (Unix ms), event; the latest first. An empty client_id is all of them."""
    return Statement(
        f"SELECT client_id, user_id, toUnixTimestamp64Milli(since), event {_IDENTITIES} "
        "WHERE {client_id:String} = '' OR client_id = {client_id:String} "
        "ORDER BY since DESC, client_id LIMIT {limit:UInt32}",
        {"project": project, "client_id": client_id, "limit": limit},
    )


def claims(project: str, client_id: str) -> Statement:
    """user_id, at (Unix ms), event: whose this id was said to be, the earliest first."""
    return Statement(
        "SELECT user_id, toUnixTimestamp64Milli(earliest.1), earliest.2 FROM ("
        "SELECT user_id, min(claim) AS earliest FROM identity_claims "
        "WHERE project = {project:String} AND client_id = {client_id:String} GROUP BY user_id) "
        "ORDER BY earliest, user_id LIMIT 1000",
        {"project": project, "client_id": client_id},
    )


def decision(project: str, client_id: str) -> Statement:
    """user_id, decided_at (Unix ms), key_id: the last that an operator decided, if any did."""
    return Statement(
        "SELECT user_id, toUnixTimestamp64Milli(decided_at), key_id FROM identity_overrides FINAL "
        "WHERE project = {project:String} AND client_id = {client_id:String}",
        {"project": project, "client_id": client_id},
    )


def obstacles(project: str, client_id: str) -> Statement:
    """Whether the id is a known user's, and whether it is none at all: two flags."""
    return Statement(
        "SELECT (SELECT count() FROM sightings WHERE project = {project:String} AND user_id = {client_id:String}) > 0, "
        "lower({client_id:String}) IN (SELECT id FROM placeholder_ids)",
        {"project": project, "client_id": client_id},
    )


def seen(project: str, user_id: str) -> Statement:
    """Rows in `sightings`, first and last seen (Unix ms): of the user and of the anonymous ids linked to her."""
    return Statement(
        "SELECT count(), toUnixTimestamp64Milli(min(first_seen)), toUnixTimestamp64Milli(max(last_seen)) "
        f"FROM sightings WHERE {_OF_USER}",
        {"project": project, "user_id": user_id},
    )


def events_of(project: str, user_id: str) -> Statement:
    """How many events are stored of a user, those of the linked anonymous ids among them."""
    return Statement(
        f"SELECT count() FROM events FINAL WHERE {_OF_USER}",
        {"project": project, "user_id": user_id},
    )


def client_ids(project: str, user_id: str, limit: int) -> Statement:
    """The anonymous ids that are linked to a user, the latest first."""
    return Statement(
        f"SELECT client_id {_IDENTITIES} WHERE user_id = {{user_id:String}} "
        "ORDER BY since DESC, client_id LIMIT {limit:UInt32}",
        {"project": project, "user_id": user_id, "limit": limit},
    )


def traits(project: str, user_id: str) -> Statement:
    """trait, value (JSON): the latest of each."""
    return Statement(
        "SELECT trait, max(latest).3 FROM user_traits "
        "WHERE project = {project:String} AND user_id = {user_id:String} GROUP BY trait ORDER BY trait",
        {"project": project, "user_id": user_id},
    )
