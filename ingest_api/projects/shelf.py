"""Shelf: the store of what projects save under names, queries or alerts. Every change is one step in Redis."""

from typing import Any, cast

from ingest_api.projects.project import Conflict, NotThere
from ingest_api.projects.records import Records, change
from ingest_api.projects.saved import SHELVES, Document, by_project
from ingest_api.stream import Redis


class Shelf:
    """The store; `key` is one of `saved.SHELVES`."""

    def __init__(self, redis: Redis, key: str) -> None:
        self._client = redis
        self._redis = cast("Any", redis)  # redis-py 5 types each answer as "awaitable or not"
        self._key = key
        self._word, self._most = SHELVES[key]

    async def put(self, project_id: str, name: str, text: str) -> Document:
        """Save a document. What is the same already is not changed. Raises `NotThere` and `Conflict`."""

        async def plan(records: Records) -> Document:
            await records.project(project_id)
            old = await records.document(self._key, project_id, name)
            if old is None and len(await records.document_names(self._key, project_id)) >= self._most:
                raise Conflict(f"A project has at most {self._most} of them: remove a {self._word} first.")
            if old is not None and old.text == text:
                return old
            new = Document(text, old.version + 1 if old else 1, await records.now_ms())
            records.put_document(self._key, project_id, name, new)
            return new

        return await change(self._client, plan)

    async def remove(self, project_id: str, name: str) -> Document:
        """Take one away. Returns what it was. Raises `NotThere`."""

        async def plan(records: Records) -> Document:
            old = self._found(await records.document(self._key, project_id, name), name)
            records.put_document(self._key, project_id, name, None)
            return old

        return await change(self._client, plan)

    async def get(self, project_id: str, name: str) -> Document:
        """One of them. Raises `NotThere`."""
        return self._found(await Records(self._redis).document(self._key, project_id, name), name)

    async def of(self, project_id: str) -> dict[str, Document]:
        """A project's, by name. Raises `NotThere` without the project."""
        await Records(self._redis).project(project_id)
        return (await self.all()).get(project_id, {})

    async def all(self) -> dict[str, dict[str, Document]]:
        """Project -> name -> document."""
        return by_project(await self._redis.hgetall(self._key))

    def _found(self, document: Document | None, name: str) -> Document:
        if document is None:
            raise NotThere(f"There is no {self._word} named {name[:100]!r}.")
        return document
