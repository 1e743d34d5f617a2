"""The query service as one object: who asks, how fresh, what is stored."""

from collections.abc import Mapping

from ingest_api.access import Access, Directory
from ingest_api.projects import keys
from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Project, Projects
from ingest_api.stream import connect
from queries import answer, request, sql
from queries.answer import RecentAnswer
from queries.confined import Confined
from queries.entry.sessions import Sessions
from queries.errors import Refused
from queries.freshness import Freshness, fresh_through
from queries.gate import Gate
from queries.pipeline import ledger, receipts
from queries.pipeline.gauges import Gauges
from queries.pipeline.ledger import LedgerAnswer
from queries.pipeline.receipts import ReceiptAnswer
from queries.settings import Settings
from queries.store import Store
from queries.tail.feed import Feeds

#: one for every cause, so that nobody learns from it which keys there are
_NO_KEY = (
    "Authentication required. Send a query key of your project, or an admin key for managing projects: "
    "Authorization: Bearer hr_..."
)


class QueryService:
    """Lives as long as the process. Each method is one route: question in, JSON out."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.redis = connect(settings.redis_url)
        self.store = Store(settings.clickhouse_url, settings.query_timeout_seconds)
        self.confined = Confined(settings, self.store)
        self.freshness = Freshness(self.redis)
        self.gate = Gate(settings.query_places)
        self.feeds = Feeds(self.store, self.gate, self.freshness, settings)
        self.gauges = Gauges(self.redis, self.store, self.freshness)
        self.projects = Projects(self.redis)
        self._directory = Directory(self.redis, demo_keys=settings.demo_keys)
        self.sessions = Sessions(self.redis, self._directory, self.projects, settings.session_seconds)

    async def access(self, authorization: str, *kinds: Kind, session: str = "") -> Access:
        """What the key opens, or without any header what the session of the cookie does.

        Raises `Refused` unless it is of one of these kinds: one answer for every cause.
        """
        if authorization:
            token = keys.bearer(authorization)
            access = await self._directory.find(token) if token else None
        else:
            access = await self.sessions.access(await self.sessions.find(session), kinds)
        opened = access.kinds.intersection(kinds) if access else ()
        if access is None or not opened or (access.project is None and Kind.ADMIN not in opened):
            raise Refused(401, _NO_KEY)
        return access

    async def events(self, project: Project, asked: Mapping[str, str]) -> RecentAnswer:
        """GET /api/v1/events"""
        shards = await self.freshness.read()
        query = request.read_recent(asked, project.id, fresh_through(shards))
        rows = await self.store.rows(sql.recent(query))
        return answer.recent(query, rows, shards)

    async def ledger(self, project: Project, asked: Mapping[str, str]) -> LedgerAnswer:
        """GET /api/v1/ledger"""
        shards = await self.freshness.read()
        first, last = request.read_ledger(asked, shards[0].now)
        return await ledger.read(self.redis, self.store, project.id, range(first, last), shards)

    async def receipt(self, project: Project, event: str) -> ReceiptAnswer:
        """GET /v1/events/{event}"""
        event_id = receipts.parse(event)
        found = await receipts.find(self.redis, self.store, self.freshness, project.id, event_id) if event_id else None
        if found is None:
            raise Refused(404, "There is no such event: it was never acknowledged, or is no longer kept.")
        return {"success": True, "data": found}

    async def close(self) -> None:
        """Let go of Redis and ClickHouse."""
        await self.gauges.close()
        await self.confined.close()
        await self.store.close()
        await self.redis.aclose()
