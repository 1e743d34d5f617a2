"""Cursors of SQL: declared in a transaction, fetched in parts, closed."""

from collections.abc import AsyncIterator

import pytest
from pygwire import messages

from tests.queries.psql.conftest import Psql
from tests.queries.psql.talk import Talk, failure, rows, talking

pytestmark = pytest.mark.stack

_DECLARE = "DECLARE c NO SCROLL CURSOR FOR SELECT event_name FROM events ORDER BY created_at"


@pytest.fixture
async def talk(psql: Psql) -> AsyncIterator[Talk]:
    async with talking(psql.port) as one:
        await one.login(psql.tenant.id, psql.key)
        yield one


async def says(talk: Talk, text: str) -> list[messages.PGMessage]:
    return await talk.ask(messages.Query(query_string=text))


def tag(found: list[messages.PGMessage]) -> str:
    return [one.tag for one in found if isinstance(one, messages.CommandComplete)][-1]


async def test_a_cursor_is_fetched_from_in_parts(talk: Talk) -> None:
    assert tag(await says(talk, f"BEGIN; {_DECLARE}")) == "DECLARE CURSOR"
    for text, count in (("FETCH c", 1), ("FETCH FORWARD 1 FROM c", 1), ("FETCH ALL IN c", 1), ("FETCH NEXT FROM c", 0)):
        found = await says(talk, text)
        assert (tag(found), len(rows(found))) == (f"FETCH {count}", count)
    assert tag(await says(talk, "CLOSE c")) == "CLOSE CURSOR"
    assert failure(await says(talk, "FETCH c")).code == "34000"


async def test_a_cursor_ends_with_its_transaction(talk: Talk) -> None:
    await says(talk, f"BEGIN; {_DECLARE}; COMMIT")
    assert failure(await says(talk, "FETCH c")).code == "34000"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (_DECLARE, "25P01"),
        ("BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT 1", "0A000"),
        ("BEGIN; DECLARE c BINARY CURSOR FOR SELECT 1", "0A000"),
        ("BEGIN; DECLARE c CURSOR FOR DELETE FROM events", "42601"),
        ("BEGIN; DECLARE c", "42601"),
        (f"BEGIN; {_DECLARE}; FETCH BACKWARD 1 FROM c", "0A000"),
        (f"BEGIN; {_DECLARE}; {_DECLARE}", "42P03"),
    ],
)
async def test_what_a_cursor_here_cannot_do_is_said(talk: Talk, text: str, code: str) -> None:
    assert failure(await says(talk, text)).code == code
