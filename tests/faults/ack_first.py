"""python -m tests.faults.ack_first: a front door that acknowledges first and appends later. A negative control."""

import asyncio
from collections.abc import Sequence
from typing import Any

from ingest_api import __main__, front_door
from ingest_api.append import Appender
from ingest_api.dialect import Verdict
from ingest_api.placing import Places
from ingest_api.rules.normalise import Stamped


class AckFirst(Appender):
    """Says "new" at once; what becomes of the write interests nobody."""

    def append_one(self, entry: Stamped) -> asyncio.Future[bytes]:
        super().append_one(entry).add_done_callback(_forget)
        done: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        done.set_result(b"0" if entry.digest else b"")
        return done

    async def append(
        self, entries: Sequence[Stamped], places: Places | None = None, *, patient: bool = False
    ) -> list[Verdict]:
        asyncio.ensure_future(super().append(entries, places, patient=patient)).add_done_callback(_forget)
        return [Verdict.NEW] * len(entries)


def _forget(write: "asyncio.Future[Any]") -> None:
    if not write.cancelled():
        write.exception()


if __name__ == "__main__":
    vars(front_door)["Appender"] = AckFirst
    __main__.main()
