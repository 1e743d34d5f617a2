"""Somebody is forgotten by the whole stack, as a project orders it over HTTP; and no file knows of them any more."""

import secrets
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient

from deploy.local.running import RunningStack
from ingest_api import moment
from ingest_api.moment import now_ms
from ingest_api.stream import connect, install
from tests import stores
from tests.waiting import until
from tests.workers.erasing.people import Person, carry_out, everybody, in_files, order
from tests.workers.history import History
from tests.workers.rolling import builder
from workers.archives.archive import Archive
from workers.clickhouse.visit import visit
from workers.erasing.erase import Places
from workers.settings import Settings

pytestmark = pytest.mark.stack

HOUR = 3_600_000


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


class Shop:
    """A project of its own, through the one origin."""

    def __init__(self, client: aiohttp.ClientSession, keys: dict[str, str]) -> None:
        self._client, self._keys = client, keys

    async def post(self, kind: str, path: str, body: Any) -> Any:
        async with self._client.post(path, data=orjson.dumps(body), headers=bearer(self._keys[kind])) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def get(self, kind: str, path: str) -> Any:
        async with self._client.get(path, headers=bearer(self._keys[kind])) as answer:
            return answer.status, await answer.json()

    async def events(self) -> Any:
        return (await self.get("query", "/api/v1/stats?period=7d"))[1]["data"]["value"]

    async def ledger(self) -> Any:
        return (await self.get("query", "/api/v1/ledger"))[1]["data"]


async def make(client: aiohttp.ClientSession, admin: str) -> Shop:
    """A new project with a key of each kind."""
    name, headers, keys = f"p{secrets.token_hex(4)}", bearer(admin), {}
    async with client.post("/api/v1/projects", json={"id": name}, headers=headers) as answer:
        assert answer.status == 201
    for kind in ("write", "query", "delete"):
        async with client.post(f"/api/v1/projects/{name}/keys", json={"kind": kind}, headers=headers) as answer:
            keys[kind] = (await answer.json())["data"]["token"]
    return Shop(client, keys)


async def rolled_up(warehouse: AsyncClient) -> list[str]:
    """Whose page is in a rollup. Each visitor there has a number."""
    pages = await warehouse.query(
        "SELECT substring(value, 2) FROM rollup_hours WHERE dimension = 'page' AND value != ''"
    )
    numbers = await warehouse.query("SELECT number FROM visitor_numbers WHERE visitor != 0")
    assert len(numbers.result_rows) >= len(pages.result_rows)
    return [str(row[0]) for row in pages.result_rows]


async def test_a_user_is_forgotten_and_a_retry_brings_nothing_back(stack: RunningStack) -> None:
    async with aiohttp.ClientSession(stack.env["HEADRACE_URL"]) as client:
        shop = await make(client, stack.env["HEADRACE_ADMIN_KEY"])
        known = {"event_type": "buy", "occurred_at": moment.text(moment.now_ms() - 5000)}
        ada, bob = ({**known, "user_id": who, "idempotency_key": f"{who} 1"} for who in ("ada", "bob"))
        sent = await shop.post("write", "/v1/events", [ada, bob])
        event_id = sent["results"][0]["event_id"]

        async def there() -> bool:
            return bool(await shop.events() == 2)

        await until(there, within=30)
        ordered = await shop.post("delete", "/api/v1/erasures", {"user_id": "ada"})

        async def report() -> Any:
            _, found = await shop.get("delete", f"/api/v1/erasures/{ordered['data']['id']}")
            return found["data"] if found["data"]["step"] in {"parts", ""} else None

        found = await until(report, within=60)
        assert found["counts"].items() >= {"events": 1, "keys": 1, "tail": 1}.items()
        assert (await shop.events(), (await shop.get("write", f"/v1/events/{event_id}"))[0]) == (1, 404)
        again = await shop.post("write", "/v1/events", [ada, {**bob, "idempotency_key": "bob 2"}])
        assert again["results"][0]["event_id"] == event_id

        async def settled() -> Any:
            ledger = await shop.ledger()
            return ledger if ledger["total"]["stored"] == 3 and not ledger["total"]["in_flight"] else None

        ledger = await until(settled, within=30)
        assert (ledger["total"]["erased"], ledger["balanced"]) == (1, True)
        assert await shop.events() == 2


async def test_no_file_holds_anything_of_a_user_afterwards(tmp_path: Path) -> None:
    with stores.local_redis(tmp_path / "redis") as redis_url, stores.local_clickhouse(tmp_path / "clickhouse") as url:
        stores.migrate(url)
        redis = connect(redis_url)
        await redis.config_set("rdbcompression", "no")
        settings = Settings(redis_url=redis_url, clickhouse_url=url, linger_ms=20)
        async with visit(url, 60) as warehouse:
            history = History(redis, await install(redis, 4, 3600), settings, warehouse)
            places = Places(url, str(tmp_path / "archive"))
            archive = Archive(places.archive, history.made.id, 10)
            ada, bob = Person(), Person()
            markers = (ada.user_id, ada.client_id)
            await everybody(history, redis_url, [ada.did(), bob.did(), ada.did(properties=b"bad"), ada.did(user_id="")])
            identify = ada.did(name="identify", kind="identify", properties=b'{"id":"%s"}' % ada.user_id.encode())
            seen = [one.did(url=f"https://shop/{one.user_id}", occurred_at=now_ms() - 3 * HOUR) for one in (ada, bob)]
            await everybody(history, redis_url, [identify], seen)
            await history.drain(archive)
            await builder(warehouse, redis).run(60)
            assert sorted(await rolled_up(warehouse)) == sorted([ada.user_id, bob.user_id])
            found = {one.split(": ")[1] for one in in_files(tmp_path, *markers)}
            assert found == set(markers), "the search sees nothing"
            one = await order(redis, users=[ada.user_id])

            async def done() -> bool:
                return (await carry_out(redis, places, one)).state == "done"

            await until(done, within=120)
            assert in_files(tmp_path, *markers) == []
            assert await rolled_up(warehouse) == []
            await builder(warehouse, redis).run(60)
            assert await rolled_up(warehouse) == [bob.user_id]
            assert in_files(tmp_path, *markers) == []
            assert in_files(tmp_path, bob.user_id) != []
        await redis.aclose()
