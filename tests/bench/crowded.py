"""The crowd: a set of events made inside the engine, the same for the same number, and rolled up. Used again once made.

Ten projects, the largest with a fifth of all; visits of ten events over thirty days, in the order of their time; 2,000
pages, 30 countries, 20 names, as unequal as they are (Zipf); JSON properties. A visitor comes three times on average.
"""

import asyncio
import sys
import time
from pathlib import Path

import msgspec
from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.client import Client

from ingest_api.stream import connect
from workers import migrate
from workers.clickhouse.visit import visit
from workers.rollups import upkeep
from workers.rollups.rollup import Building, state
from workers.rollups.stretches import Stretching

#: 1 October 2026, and thirty days later
SINCE, UNTIL = 1_790_812_800_000, 1_793_404_800_000
PROJECTS = tuple(f"p{number}" for number in range(10))
#: of a hundred visits
SHARES = (20, 16, 13, 11, 10, 8, 7, 6, 5, 4)
_CHUNK = 1_000_000
_NOTE = "made.json"
_MAKE = """
INSERT INTO events (event_id, project, name, kind, occurred_at, received_at, dialect, site_id, client_id, url, host,
    path, country, device_type, browser, os, source, channel, language, properties, _shard, _stream_ms, _stream_seq,
    _index)
WITH
    intDiv(number, 10) AS visit, number % 10 AS step,
    cityHash64(visit, 1) AS h1, cityHash64(visit, 2) AS h2, cityHash64(number, 3) AS h3, cityHash64(number, 4) AS h4,
    arrayFirstIndex(upto -> h1 % 100 < upto, arrayCumSum({shares:Array(UInt8)})) AS place,
    intDiv(h1, 1024) % greatest(1, intDiv({events:UInt64} * ({shares:Array(UInt8)})[place], 3000)) AS who,
    cityHash64(who, place) AS w, (h3 % 1000003) / 1000003 AS u, (h4 % 1000003) / 1000003 AS v,
    toInt64({since:Int64} + visit * (30 * 86400000 - 600000) / ({events:UInt64} / 10)) AS start,
    start + step * 20000 + h3 % 20000 AS ms, hex(toUInt64(ms) * 65536 + 28672) AS high,
    hex(cityHash64(number, 9)) AS low,
    toString(toUInt32(exp(u * log(2000)))) AS page
SELECT
    toUUID(UUIDNumToString(toFixedString(unhex(concat(high, leftPad(low, 16, '0'))), 16))),
    concat('p', toString(place - 1)),
    if(step % 2 = 0, 'page_view', concat('event_', toString(toUInt32(exp(v * log(19)))))), 'event',
    fromUnixTimestamp64Milli(ms), fromUnixTimestamp64Milli(ms + 500), 'intake', concat('site-', toString(w % 2)),
    concat('c', hex(w)), concat('https://shop.example/page/', page), 'shop.example', concat('/page/', page),
    concat('C', toString(toUInt32(exp((w % 1000) / 1000 * log(30))))),
    ['desktop', 'mobile', 'tablet'][w % 3 + 1], ['Chrome', 'Safari', 'Firefox', 'Edge'][w % 4 + 1],
    ['Windows', 'iOS', 'Android', 'macOS'][w % 4 + 1],
    concat('source ', toString(toUInt32(exp((h2 % 1000) / 1000 * log(50))))),
    ['direct', 'search', 'social', 'email', 'ads'][h2 % 5 + 1], ['en', 'de', 'fr', 'tr'][w % 4 + 1],
    concat('{"price":', toString(h3 % 500), ',"plan":"', ['free', 'pro', 'team'][w % 3 + 1], '"}'),
    h4 % 8, toUInt64(ms + 600), 0, number % 1000
FROM numbers_mt({first:UInt64}, {chunk:UInt64})"""


class Made(msgspec.Struct):
    """How far a folder's set has come."""

    events: int
    done: int = 0


def make(folder: Path, url: str, redis_url: str, events: int) -> None:
    """Make what is missing of the set, let merges end, and roll all of it up. Says on standard error how far it is."""
    with migrate.connect(url) as client:
        migrate.apply(client)
        _events(folder, client, events)
        _merged(client)
    asyncio.run(_rolled_up(url, redis_url))


def _events(folder: Path, client: Client, events: int) -> None:
    note = folder / _NOTE
    made = msgspec.json.decode(note.read_bytes(), type=Made) if note.exists() else Made(events)
    if made.events != events:
        raise RuntimeError(f"{folder} holds a set of {made.events:,} events, not of {events:,}: name another folder.")
    began, before = time.monotonic(), made.done
    while made.done < events:
        chunk = min(_CHUNK, events - made.done)
        parameters = {"events": events, "since": SINCE, "shares": list(SHARES), "first": made.done, "chunk": chunk}
        client.command(
            _MAKE, parameters=parameters, settings={"max_insert_threads": 2, "type_json_skip_duplicated_paths": 1}
        )
        made.done += chunk
        note.write_bytes(msgspec.json.encode(made))
        rate = (made.done - before) / (time.monotonic() - began)
        _say(f"{made.done:,} of {events:,} events, {rate:,.0f}/s, {(events - made.done) / rate:,.0f} s to go")


def _merged(client: Client) -> None:
    """Wait until the engine has merged what it likes to: it would do so beside the questions."""
    deadline, before = time.monotonic() + 900, 0
    while time.monotonic() < deadline:
        merges = int(str(client.command("SELECT count() FROM system.merges WHERE database = currentDatabase()")))
        if not merges:
            return
        if merges != before:
            _say(f"{merges} merges run")
        before = merges
        time.sleep(0.2)


async def _rolled_up(url: str, redis_url: str) -> None:
    redis = connect(redis_url)
    try:
        async with visit(url, 600) as client:
            building = Building(client, redis, grace=0, settle=0)
            while (batch := await building.due()).pieces:
                await building.batch(batch)
                await _say_state(client)
            stretching = Stretching(client, redis, grace=0, settle=0)
            while (stretches := await stretching.due()).pieces:
                await stretching.batch(stretches)
                _say(f"sessions of {stretches.pieces[0].project} rolled up back to {stretches.pieces[-1].at}")
            await upkeep.clean(client)  # as a worker does each hour
    finally:
        await redis.aclose()


async def _say_state(client: AsyncClient) -> None:
    now = await state(client)
    _say(f"{now.closed:,} of {now.hours:,} hours rolled up, {now.open_rows:,} events to go")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
