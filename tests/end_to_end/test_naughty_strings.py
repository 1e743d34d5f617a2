"""The Big List of Naughty Strings, from a request to ClickHouse and back, byte for byte."""

import hashlib
from typing import Any

import aiohttp
import clickhouse_connect
import orjson
import pytest

from deploy.local.running import RunningStack
from tests.ingest_api.corpora.packages import naughty_strings
from tests.waiting import until
from workers.clickhouse.address import address

pytestmark = pytest.mark.stack

#: names and ids hold none of these: control characters, and what ends a line or a paragraph
CONTROL = {chr(code) for code in (*range(32), *range(127, 160), 0x2028, 0x2029)}


def key(text: str, place: str) -> str:
    """An idempotency key, by which the row is found again."""
    return hashlib.sha256(f"{place}:{text}".encode()).hexdigest()


def events(text: str) -> dict[str, dict[str, Any]]:
    """The same text in every place where a producer may write what it likes."""
    plain = {"event_type": "naughty", "occurred_at": "2026-11-20T10:00:00Z"}
    return {
        "value": {**plain, "data": {"v": text}},
        "key": {**plain, "data": {text: "v"}},
        "user": {**plain, "user_id": text},
        "name": {**plain, "event_type": text},
    }


def nested(data: dict[str, Any]) -> dict[str, Any]:
    """As ClickHouse's JSON type has it: a dot in a key leads one level down."""
    made: dict[str, Any] = {}
    for path, value in data.items():
        *above, last = path.split(".")
        level = made
        for name in above:
            level = level.setdefault(name, {})
        level[last] = value
    return made


async def send(env: dict[str, str], sent: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Send events, each by itself; the ids of those that were taken, by idempotency key."""
    taken = {}
    headers = {"Authorization": f"Bearer {env['HEADRACE_WRITE_KEY']}"}
    async with aiohttp.ClientSession(env["HEADRACE_INGEST_URL"], headers=headers) as client:
        for name, event in sent.items():
            async with client.post("/v1/events", data=orjson.dumps({**event, "idempotency_key": name})) as answer:
                said = await answer.json()
                assert answer.status in {200, 400}, said
                if answer.status == 200:
                    taken[name] = said["event_id"].removeprefix("evt_")
    return taken


async def stored(env: dict[str, str], ids: set[str]) -> dict[str, tuple[str, str, str]]:
    """Name, user and properties of these events as ClickHouse has them, once all are there."""
    where = address(env["HEADRACE_CLICKHOUSE_URL"])
    client = await clickhouse_connect.get_async_client(**where, autogenerate_session_id=False)
    query = (
        "SELECT replaceAll(toString(event_id), '-', ''), name, user_id, toJSONString(properties) FROM events FINAL"
        " WHERE occurred_at = '2026-11-20 10:00:00'"
    )

    async def rows() -> dict[str, tuple[str, str, str]] | None:
        found = {row[0]: (row[1], row[2], row[3]) for row in (await client.query(query)).result_rows}
        return found if ids <= found.keys() else None

    try:
        return await until(rows, within=30) or {}
    finally:
        await client.close()


async def test_every_naughty_string_comes_back_as_it_was_sent(stack: RunningStack) -> None:
    strings = naughty_strings()
    assert len(strings) > 400
    sent = {key(text, place): event for text in strings for place, event in events(text).items()}
    taken = await send(stack.env, sent)
    rows = await stored(stack.env, set(taken.values()))
    changed = []
    for text in strings:
        for place, event in events(text).items():
            name = key(text, place)
            if name not in taken:
                refused = place in {"name", "user"} and (not text or CONTROL & set(text))
                changed += [] if refused else [(place, text, "refused")]
                continue
            row = rows[taken[name]]
            kept = (row[0], row[1], orjson.loads(row[2]))
            wanted = (event["event_type"], event.get("user_id", ""), nested(event.get("data", {})))
            changed += [] if kept == wanted else [(place, text, repr(row))]
    assert changed == []
