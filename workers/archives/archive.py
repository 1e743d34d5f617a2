"""The archive: every batch that is committed, as compressed NDJSON in a folder or an S3 bucket, one object an hour.

An object's name and content follow from the batch alone: the same batch written again is the same bytes under the
same name. `<install>/<yyyy>/<mm>/<dd>/<hh>/sNN-<first entry>-<last entry>.ndjson.zst`, hours of the stream's clock.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, S3Store

from ingest_api import zstd
from workers.archives import line
from workers.batch import Batch
from workers.errors import NotNow
from workers.synced import sync

if TYPE_CHECKING:  # names of obstore's stubs alone
    from obstore import ListResult, ObjectMeta

T = TypeVar("T")

_HOUR_MS = 3_600_000
_LEVEL = 3
#: a larger object is not one of ours
_MAX_UNPACKED = 4 * 1024 * 1024 * 1024
_NAME = re.compile(r"s(?P<shard>\d+)-(?P<first>\d+-\d+)-(?P<last>\d+-\d+)\.ndjson\.zst")


class BadObject(ValueError):
    """An object that is damaged, or that this version cannot read; the text names it and says why."""


@dataclass(frozen=True, slots=True)
class Object:
    """One object, as its name tells."""

    path: str
    shard: int
    #: ids of the first and last entry in it
    first: str
    last: str
    #: when it was written, Unix milliseconds by the clock of the store
    written_ms: int = field(default=0, compare=False)

    @property
    def first_ms(self) -> int:
        return _ms(self.first)

    @property
    def last_ms(self) -> int:
        return _ms(self.last)


class Archive:
    """One installation's archive. `where` is a folder or `s3://bucket/prefix`; a call may take `timeout` seconds."""

    def __init__(self, where: str, install_id: str, timeout: float) -> None:
        check(where)
        self._where = where
        self._install_id = install_id
        self._timeout = timeout
        self._opened: ObjectStore | None = None

    async def put(self, batch: Batch) -> None:
        """Write a batch. Raises `NotNow` when the same call must be made again later."""
        for path, data in await asyncio.to_thread(objects_of, batch, self._install_id):
            await self._write(path, data)

    async def objects(self, first_ms: int, until_ms: int) -> AsyncIterator[Object]:
        """What was appended from `first_ms` on and before `until_ms`, hour by hour. Raises `NotNow`."""
        bounds = (_hour(first_ms), _hour(until_ms - 1))
        async for folder in self._hours(self._install_id, bounds):
            listed = await self._list(folder)
            for found in sorted(listed["objects"], key=lambda found: found["path"]):
                match = _NAME.fullmatch(found["path"].rpartition("/")[2])
                if match is None:
                    continue
                written_ms = int(found["last_modified"].timestamp() * 1000)
                one = Object(found["path"], int(match["shard"]), match["first"], match["last"], written_ms)
                if one.first_ms < until_ms and one.last_ms >= first_ms:
                    yield one

    async def read(self, one: Object) -> Batch:
        """The events of an object, and what was rejected. Raises `BadObject` and `NotNow`."""
        return await asyncio.to_thread(_batch, one, await self._fetch(one))

    async def lines(self, one: Object) -> list[bytes]:
        """The lines of an object as they are. Raises `BadObject` and `NotNow`."""
        return await asyncio.to_thread(_lines, one, await self._fetch(one))

    async def replace(self, one: Object, lines: Sequence[bytes]) -> None:
        """Write an object anew, or take it away where no line is left. Raises `NotNow`."""
        if lines:
            await self._write(one.path, await asyncio.to_thread(_packed, lines))
        else:
            await self._patiently(lambda store: obstore.delete_async(store, one.path))

    async def _fetch(self, one: Object) -> bytes:
        async def fetch(store: ObjectStore) -> bytes:
            return bytes(await (await obstore.get_async(store, one.path)).bytes_async())

        return await self._patiently(fetch)

    async def _hours(self, folder: str, bounds: tuple[str, str]) -> AsyncIterator[str]:
        """Folders of hours within bounds, in order; whatever else lies beside them is passed over."""
        for found in sorted((await self._list(folder))["common_prefixes"]):
            below = found.removeprefix(f"{self._install_id}/")
            first, last = (bound[: len(below)] for bound in bounds)
            if not first <= below <= last:
                continue
            if len(below) == len(bounds[0]):
                yield found
                continue
            async for hour in self._hours(found, bounds):
                yield hour

    async def installs(self) -> list[str]:
        """Whose events are here: the ids of the installations. Raises `NotNow`."""
        return sorted((await self._list(""))["common_prefixes"])

    async def _write(self, path: str, data: bytes) -> None:
        await self._patiently(lambda store: obstore.put_async(store, path, data))
        if not self._where.startswith("s3://"):  # obstore leaves it to the system when a file reaches the disk
            await self._patiently(lambda _: asyncio.to_thread(sync, Path(self._where), path))

    async def _list(self, folder: str) -> "ListResult[Sequence[ObjectMeta]]":
        return await self._patiently(lambda store: obstore.list_with_delimiter_async(store, folder or None))

    async def _patiently(self, call: Callable[[ObjectStore], Awaitable[T]]) -> T:
        try:
            async with asyncio.timeout(self._timeout):
                if self._opened is None:
                    self._opened = await asyncio.to_thread(_open, self._where, self._timeout)
                return await call(self._opened)
        except (BaseError, OSError, TimeoutError) as error:  # a bucket that does not exist may do so tomorrow
            raise NotNow(str(error).partition("\n")[0] or type(error).__name__) from error


def objects_of(batch: Batch, install_id: str) -> list[tuple[str, bytes]]:
    """Names and contents. A batch that reaches over the end of an hour makes one object of each hour."""
    lines = {hour: list(some) for hour, some in groupby(line.encode(batch), lambda one: one[0].ms // _HOUR_MS)}
    entries = {hour: list(some) for hour, some in groupby(batch.entry_ids, lambda one: _ms(one) // _HOUR_MS)}
    objects = []
    for hour, some in lines.items():
        name = f"s{batch.shard:02d}-{entries[hour][0]}-{entries[hour][-1]}.ndjson.zst"
        objects.append((f"{install_id}/{_hour(hour * _HOUR_MS)}/{name}", _packed([one for _, one in some])))
    return objects


def check(where: str) -> None:
    """Raises `ValueError` for a place that can be none."""
    if "://" in where and not re.match(r"s3://[^/]", where):
        raise ValueError("HEADRACE_ARCHIVE must be a folder, or look like s3://bucket/prefix")


def _open(where: str, timeout: float) -> ObjectStore:
    if not where.startswith("s3://"):
        return LocalStore(Path(where).absolute(), mkdir=True)
    # The drain tries again by itself, for ever, and says why; a library that does so in silence only hides it.
    return S3Store.from_url(
        where,
        client_options={"timeout": timedelta(seconds=timeout), "allow_http": True},
        retry_config={"max_retries": 1, "retry_timeout": timedelta(seconds=timeout)},
    )


def _batch(one: Object, data: bytes) -> Batch:
    batch = Batch(one.shard, [one.first, one.last])
    try:
        for row in _lines(one, data):
            line.add(batch, row)
    except line.BadLine as error:
        raise BadObject(f"{one.path} cannot be read: {error}") from error
    return batch


def _lines(one: Object, data: bytes) -> list[bytes]:
    unpacking = zstd.ZstdDecompressor()
    try:
        text = unpacking.decompress(data, _MAX_UNPACKED)
    except zstd.ZstdError as error:
        raise BadObject(f"{one.path} cannot be read: {error}") from error
    if not unpacking.eof or unpacking.unused_data:
        raise BadObject(f"{one.path} is cut off, or followed by other bytes")
    return text.splitlines()


def _packed(lines: Iterable[bytes]) -> bytes:
    return zstd.compress(b"".join(one + b"\n" for one in lines), _LEVEL)


def _hour(ms: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)).strftime("%Y/%m/%d/%H")


def _ms(entry_id: str) -> int:
    return int(entry_id.partition("-")[0])
