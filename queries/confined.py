"""Confined: runs what the sandbox checked, never without the limits and the belts of its project. Decides nothing."""

from collections.abc import AsyncGenerator, Mapping

from queries.sandbox.compile import Checked
from queries.settings import Settings
from queries.store import Rows, Store

#: what the row policy of deploy/clickhouse/row_policy.sql compares with
_POLICY = "SQL_headrace_project"


class Confined:
    """A store for statements of others' making. On a server it has its own account, which the row policy binds."""

    def __init__(self, settings: Settings, shared: Store) -> None:
        self._own = settings.sql_clickhouse_url != ""
        self._store = Store(settings.sql_clickhouse_url, settings.query_timeout_seconds) if self._own else shared

    async def rows(self, checked: Checked, project: str, extra: Mapping[str, object] | None = None) -> Rows:
        """As `Store.rows`; `extra` settings are beside those of the sandbox."""
        return await self._store.rows(checked.statement(project), self.settings(checked, project, extra))

    def stream(
        self, checked: Checked, project: str, form: str, extra: Mapping[str, object] | None = None
    ) -> AsyncGenerator[bytes, None]:
        """As `Store.stream`. An error comes before the first byte, or not at all."""
        settings = {"wait_end_of_query": 1, **self.settings(checked, project, extra)}
        return self._store.stream(checked.statement(project), form, settings)

    def settings(self, checked: Checked, project: str, extra: Mapping[str, object] | None = None) -> dict[str, object]:
        """Limits and belts; nothing of `extra` can take their place."""
        policy = {_POLICY: project} if self._own else {}
        return {**(extra or {}), **checked.settings(project), **policy}

    async def close(self) -> None:
        """Let go of connections of its own."""
        if self._own:
            await self._store.close()
