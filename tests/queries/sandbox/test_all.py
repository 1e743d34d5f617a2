"""Hostile SQL, written by hand, in every group of attack: refused or harmless, in both dialects.

Nothing of another tenant, no file, no call of the network, no 5xx, and no word of what lies beneath the views. And the
answer is the same whether the other tenant has rows or not.
"""

from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
from clickhouse_connect.driver.client import Client

from queries.settings import Settings
from tests.queries.conftest import Answer, Service, Tenant, serve
from tests.queries.sandbox.tenants import SECRET, SECRET_NUMBER, ask, canary, fill, shop
from tests.queries.stored import store

pytestmark = pytest.mark.stack

GROUPS = sorted((Path(__file__).parent / "hostile").glob("*.sql"))
#: what only those know who are beneath the views
BENEATH = (
    "_hr_",
    "sightings",
    "identity_",
    "user_traits",
    "__table",
    "DB::Exception",
    "Code: ",
    "headrace.",
    "{project",
)
#: no two answers are alike
RESTLESS = ("now", "rand", "today", "LIMIT 1 BY")


def statements(group: Path) -> list[str]:
    return [line for line in group.read_text().splitlines() if line]


@dataclass(frozen=True)
class Two:
    """Who asks, and who is not to be seen."""

    asking: Tenant
    hidden: Tenant
    warehouse: Client


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that nobody may read."""
    path = tmp_path / "secret.txt"
    path.write_text(SECRET)
    return path


@pytest.fixture
def hasty(redis_url: str, clickhouse_url: str) -> Settings:
    """What takes a second takes too long."""
    return Settings(redis_url=redis_url, clickhouse_url=clickhouse_url, query_timeout_seconds=1)


@pytest.fixture
def two(tenant: Tenant, stranger: Tenant, warehouse: Client) -> Two:
    """One with rows, and one who has none yet."""
    store(warehouse, *shop(tenant.id))
    return Two(tenant, stranger, warehouse)


def left_by(file: Path) -> list[Path]:
    """What is in its folder now."""
    return list(file.parent.iterdir())


def test_there_are_more_than_five_hundred_and_none_twice() -> None:
    written = [sql for group in GROUPS for sql in statements(group)]
    assert len(written) > 500
    assert len(set(written)) == len(written)


@pytest.mark.parametrize("dialect", ["clickhouse", "postgres"])
@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.stem)
async def test_no_statement_gets_out(group: Path, dialect: str, hasty: Settings, two: Two, file: Path) -> None:
    tenant, stranger = two.asking, two.hidden
    async with canary() as (port, heard), serve(hasty) as service:
        texts = [
            sql.replace("{FILE}", str(file)).replace("{PORT}", str(port)).replace("{VICTIM}", stranger.id)
            for sql in statements(group)
        ]
        alone = [] if group.stem == "exhaustion" else texts
        before = {sql: await _answer(service, tenant, sql, dialect) for sql in alone}
        fill(two.warehouse, stranger.id)
        for sql in texts:
            answer = await _answer(service, tenant, sql, dialect)
            assert _harmless(answer, sql), (sql, answer.status, answer.raw[:500])
            earlier = before.get(sql, answer)
            if {answer.status, earlier.status} == {200} and not any(word in sql for word in RESTLESS):
                assert _told(answer) == _told(earlier), sql
        assert heard == []
    assert left_by(file) == [file]


async def _answer(service: Service, tenant: Tenant, sql: str, dialect: str) -> Answer:
    return await ask(service, tenant, sql, dialect=dialect)


def _harmless(answer: Answer, sql: str) -> bool:
    text = answer.raw.decode()
    if SECRET in text or str(SECRET_NUMBER) in text:
        return False
    if answer.status == 200:
        return True
    said = orjson.loads(answer.raw)["error"]
    return answer.status in {400, 422} and not any(word in said for word in BENEATH if word not in sql.lower())


def _told(answer: Answer) -> list[str]:
    """Rows, in whatever order."""
    return sorted(orjson.dumps(row).decode() for row in answer.body["data"])
