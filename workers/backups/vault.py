"""The vault: where a backup lies, a folder or an S3 bucket: files, and last the manifest that names and proves them."""

import asyncio
import contextlib
import hashlib
import hmac
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, S3Store

from ingest_api import zstd
from workers.errors import NotNow
from workers.synced import sync

MANIFEST = "manifest.json"
#: of the files, and of what stands in them
FORMAT = 1
_LEVEL = 3
_MAX_UNPACKED = 4 * 1024 * 1024 * 1024
_NAME = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*(\.[a-z]+)+")


class Damaged(ValueError):
    """A file of a backup is not what was written; the text names it and says what to do."""


class NoBackup(ValueError):
    """There is no backup, or none that came to its end."""


class File(msgspec.Struct, frozen=True):
    """What proves a file. `sha256` in hex, of its bytes as they lie there."""

    bytes: int
    sha256: str


class Span(msgspec.Struct, frozen=True):
    """One shard: all before `floor` (an entry's id) is in the tables, the entries from there to `last` wait."""

    shard: int
    floor: str
    last: str
    #: entries in the backup, the waiting ones among them, and the events of those
    entries: int
    waiting: int
    events: int
    #: the first minute of the ledger that ClickHouse does not have, Unix minutes
    ledger: int | None = None


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a backup is. Times are Unix milliseconds by Redis's clock."""

    format: int = FORMAT
    id: str
    install: str
    made_at: int
    #: every event that was acknowledged before is in it
    fresh_through: int
    #: what identity tables hold reaches at least to here
    people_through: int
    versions: dict[str, str]
    #: migration -> checksum
    schema: dict[str, str]
    #: how the tables were written: `export`, or where the server put its own backup
    tables_in: str
    #: id of the backup that the server's own builds on
    base: str = ""
    #: table -> rows
    tables: dict[str, int]
    shards: list[Span]
    #: what -> how many, of what lies in Redis
    counts: dict[str, int]
    files: dict[str, File]
    #: of all the rest
    digest: str = ""

    @property
    def proof(self) -> str:
        """What `digest` must be."""
        rest = msgspec.json.encode(msgspec.structs.replace(self, digest=""), order="deterministic")
        return hashlib.sha256(rest).hexdigest()


class Vault:
    """One backup's place: a folder or `s3://bucket/prefix`. Calls raise `NotNow` when the place is away."""

    def __init__(self, where: str, timeout: float = 60.0) -> None:
        if "://" in where and not re.match(r"s3://[^/]", where):
            raise ValueError(f"{where} can hold no backup: name a folder, or s3://bucket/prefix")
        self.where = where
        self.files: dict[str, File] = {}
        self._timeout = timeout
        self._opened: ObjectStore | None = None

    async def put(self, name: str, data: bytes) -> None:
        """Write a file, and remember what proves it."""
        await self._write(name, data)
        self.files[name] = File(len(data), hashlib.sha256(data).hexdigest())

    async def put_packed(self, name: str, content: Any) -> None:
        """Write MessagePack, packed."""
        await self.put(name, await asyncio.to_thread(pack, msgspec.msgpack.encode(content)))

    async def get(self, name: str, file: File) -> bytes:
        """A file as it was written. Raises `Damaged`."""
        if not _NAME.fullmatch(name):
            raise Damaged(f"The manifest names a file {name[:100]!r}, which no backup has.")
        data = await self._read(name)
        if data is None:
            raise Damaged(f"{name} is missing. Take another backup: this one cannot be restored.")
        if not hmac.compare_digest(hashlib.sha256(data).hexdigest(), file.sha256):
            raise Damaged(f"{name} is not what was written ({len(data):,} bytes of {file.bytes:,}, or other ones).")
        return data

    async def seal(self, manifest: Manifest) -> Manifest:
        """Write the manifest, behind everything else: from now on there is a backup."""
        whole = msgspec.structs.replace(manifest, files=self.files)
        whole = msgspec.structs.replace(whole, digest=whole.proof)
        await self._write(MANIFEST, msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n")
        return whole

    async def manifest(self) -> Manifest:
        """Raises `NoBackup`, and `Damaged` when it was changed."""
        data = await self._read(MANIFEST)
        if data is None:
            raise NoBackup(f"There is no backup in {self.where}, or none that came to its end: no {MANIFEST}.")
        try:
            written = msgspec.json.decode(data, type=dict[str, Any]).get("format")
            if isinstance(written, int) and written > FORMAT:
                raise NoBackup(f"The backup has format {written}; this build reads {FORMAT}. Use a newer Headrace.")
            found = msgspec.json.decode(data, type=Manifest)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Damaged(f"{MANIFEST} cannot be read: {error}.") from error
        if not hmac.compare_digest(found.digest, found.proof):
            raise Damaged(f"{MANIFEST} was changed after it was written.")
        return found

    async def _write(self, name: str, data: bytes) -> None:
        async with _patience(self.where, self._timeout):
            await obstore.put_async(await self._store(), name, data)
            if not self.where.startswith("s3://"):
                await asyncio.to_thread(_settle, Path(self.where), name)

    async def _read(self, name: str) -> bytes | None:
        async with _patience(self.where, self._timeout):
            try:
                return bytes(await (await obstore.get_async(await self._store(), name)).bytes_async())
            except FileNotFoundError:
                return None

    async def _store(self) -> ObjectStore:
        if self._opened is None:
            self._opened = await asyncio.to_thread(_open, self.where, self._timeout)
        return self._opened


@contextlib.asynccontextmanager
async def _patience(where: str, seconds: float) -> AsyncIterator[None]:
    """A place that does not answer in time, or at all, becomes `NotNow`."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except (BaseError, OSError, TimeoutError) as error:
        said = str(error).partition("\n")[0] or type(error).__name__
        raise NotNow(f"{where}: {said}") from error


def pack(data: bytes) -> bytes:
    """As files lie in a backup."""
    return zstd.compress(data, _LEVEL)


def unpack(data: bytes) -> Any:
    """What `put_packed` wrote. Raises `Damaged`."""
    try:
        return msgspec.msgpack.decode(zstd.ZstdDecompressor().decompress(data, _MAX_UNPACKED))
    except (zstd.ZstdError, msgspec.DecodeError) as error:
        raise Damaged(f"A file of the backup cannot be read: {error}.") from error


def _open(where: str, timeout: float) -> ObjectStore:
    if not where.startswith("s3://"):
        Path(where).mkdir(mode=0o700, parents=True, exist_ok=True)
        return LocalStore(Path(where).absolute())
    return S3Store.from_url(where, client_options={"timeout": timedelta(seconds=timeout), "allow_http": True})


def _settle(folder: Path, name: str) -> None:
    """A file outlives a power cut, and nobody but its owner may read it."""
    (folder / name).chmod(0o600)
    sync(folder, name)
