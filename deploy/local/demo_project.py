"""The demo project: its site ids, open to all, a key of each kind, and the fixed tokens of the documents' examples."""

from collections.abc import Mapping

from deploy.local.stack import Urls
from ingest_api.access import Directory
from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Projects, Settings
from ingest_api.stream import Redis

PROJECT = "demo"
SITE_ID = "site_abc123"
SITE_IDS = (PROJECT, SITE_ID)
#: the tokens that the product documents print in their examples
FIXED_TOKENS = ("test_123", "YOUR_API_KEY")

#: share links are made on the page, when they are wanted
KINDS = tuple(kind for kind in Kind if kind is not Kind.SHARE)


def variable(kind: Kind) -> str:
    """The name of a key in demo.env."""
    return f"HEADRACE_{kind.upper()}_KEY"


async def ensure(redis: Redis, known: Mapping[str, str]) -> dict[str, str]:
    """Make what is missing. Returns demo.env's key variables; a known key that still opens the project is kept."""
    projects = Projects(redis)
    if await projects.get(PROJECT) is None:
        await projects.create(PROJECT, SITE_IDS, Settings(public_writes=True))
    for token in FIXED_TOKENS:
        await projects.allow_demo_token(token, (Kind.WRITE, Kind.QUERY), PROJECT)
    return {variable(kind): await _key(redis, kind, known.get(variable(kind), "")) for kind in KINDS}


def environment(at: Urls, keys: Mapping[str, str]) -> dict[str, str]:
    """All of demo.env."""
    return {
        "HEADRACE_URL": at.origin,
        "HEADRACE_INGEST_URL": at.ingest,
        "HEADRACE_QUERY_URL": at.query,
        "HEADRACE_PSQL_URL": at.psql.replace("://", f"://{PROJECT}:{keys[variable(Kind.QUERY)]}@"),
        **keys,
        "HEADRACE_SITE_ID": SITE_ID,
        "HEADRACE_CLICKHOUSE_URL": at.clickhouse,
        "HEADRACE_REDIS_URL": at.redis,
    }


async def _key(redis: Redis, kind: Kind, token: str) -> str:
    access = await Directory(redis).find(token)
    project = "" if kind is Kind.ADMIN else PROJECT
    if access and kind in access.kinds and (access.project.id if access.project else "") == project:
        return token
    _, token = await Projects(redis).create_key(PROJECT, kind, label="local stack")
    return token
