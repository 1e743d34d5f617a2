"""Statements find who answers them, and the project is the session's, whatever the statement says."""

from collections.abc import AsyncIterator

import orjson
import pytest

from queries.psql import kinds
from queries.psql.answers import Answer
from queries.psql.decoding import Bound
from queries.psql.runner import Runner
from queries.psql.sqlstate import Failure
from queries.psql.state import State
from queries.psql.statements import Statement, split
from queries.service import QueryService
from queries.settings import Settings
from tests.queries.conftest import Tenant

pytestmark = pytest.mark.stack


@pytest.fixture
async def runner(asked: Tenant, redis_url: str, clickhouse_url: str) -> AsyncIterator[Runner]:
    service = QueryService(Settings(redis_url=redis_url, clickhouse_url=clickhouse_url))
    one = Runner(service.confined, service.gate, State(asked.id))
    yield one
    one.close()
    await service.close()


def statement(text: str) -> Statement:
    return split(text)[0]


async def lines(answer: Answer) -> list[bytes]:
    return [line for block in [block async for block in answer.lines] for line in block]


async def test_events_and_the_catalog_answer_in_one_shape(runner: Runner) -> None:
    events = await runner.read(statement("SELECT count(*) AS n FROM events"))
    catalog = await runner.read(statement("SELECT count(*) AS n FROM pg_class WHERE relname = 'events'"))
    assert [(one.name, one.kind.name) for one in events.columns] == [("n", "int8")]
    assert [(one.name, one.kind.name) for one in catalog.columns] == [("n", "int8")]
    assert (await lines(events), await lines(catalog)) == ([b"[3]"], [b"[1]"])


async def test_parameters_reach_either_as_values(runner: Runner) -> None:
    one = statement("SELECT count(*) FROM events WHERE event_name = $1")
    hostile = "' OR 1 = 1 --"
    for value, count in (("signup", b"[1]"), (hostile, b"[0]"), ("{project:String}", b"[0]")):
        assert await lines(await runner.read(one, [kinds.TEXT], [value])) == [count]
    other = statement("SELECT relname FROM pg_class WHERE oid = $1 AND relname <> $2")
    found = await runner.read(other, [kinds.INT8, kinds.TEXT], ["16384", hostile])
    assert await lines(found) == [b'["events"]']


#: what Grafana and Metabase make of a table, a time filter and a chart
_CHARTS = (
    """SELECT floor(extract(epoch from created_at)/60)*60 AS "time", count(*) AS value FROM events
WHERE created_at BETWEEN '2026-01-01T00:00:00Z' AND '2026-12-31T23:59:59.999Z' GROUP BY 1 ORDER BY 1""",
    """SELECT DATE_TRUNC('month', "public"."events"."created_at") AS "created_at", COUNT(*) AS "count"
FROM "public"."events" GROUP BY DATE_TRUNC('month', "public"."events"."created_at")
ORDER BY DATE_TRUNC('month', "public"."events"."created_at") ASC""",
    """SELECT COUNT(*) AS "count" FROM "public"."events"
WHERE ("public"."events"."created_at" >= timestamp with time zone '2026-01-01 00:00:00.000Z')
AND ("public"."events"."created_at" < timestamp with time zone '2027-01-01 00:00:00.000Z')""",
    """SELECT SUBSTRING("public"."events"."url", 1, 1234) AS "substring", COUNT(*) FROM "public"."events"
WHERE CAST("created_at" AS date) = date '2026-03-01' GROUP BY 1 LIMIT 10000""",
)


@pytest.mark.parametrize("text", _CHARTS)
async def test_what_bi_tools_ask_of_events_is_answered(runner: Runner, text: str) -> None:
    (line,) = await lines(await runner.read(statement(text)))
    assert orjson.loads(line)[-1] == 3


async def test_columns_are_known_without_running_the_statement(runner: Runner) -> None:
    one = statement("SELECT id, created_at, properties, $1::int AS n FROM events WHERE created_at > $2 LIMIT $3")
    columns = await runner.columns(one, one.kinds(()))
    assert [(column.name, column.kind.name) for column in columns] == [
        ("id", "uuid"),
        ("created_at", "timestamptz"),
        ("properties", "jsonb"),
        ("n", "int4"),
    ]
    assert await runner.columns(statement("BEGIN"), ()) == ()
    assert [one.name for one in await runner.columns(statement("SHOW search_path"), ())] == ["search_path"]


async def test_a_parameter_of_any_type_can_be_described_and_bound(runner: Runner) -> None:
    one = statement("SELECT count($1) AS n")
    for kind in kinds.ALL:
        assert [column.name for column in await runner.columns(one, [kind])] == ["n"], kind.name
        nothing: tuple[Bound, bytes] = (None, b"[0]") if kind.element is None else ([], b"[1]")
        assert await lines(await runner.read(one, [kind], [nothing[0]])) == [nothing[1]], kind.name


async def test_a_copy_starts_its_statement(runner: Runner) -> None:
    copy, answer = await runner.copy(statement("COPY (SELECT path FROM events) TO STDOUT CSV"))
    assert (copy.csv, len(await lines(answer))) == (True, 3)


async def test_what_the_sandbox_refuses_has_a_state(runner: Runner) -> None:
    for text, state in (("SELECT * FROM nowhere", "42P01"), ("SELECT nope FROM events", "42703")):
        with pytest.raises(Failure) as failure:
            await runner.read(statement(text))
        assert failure.value.sqlstate == state
