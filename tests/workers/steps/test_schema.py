"""Events held to their schemas: flagged, set aside, or left alone; and the same when a batch comes again."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import orjson
import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest_api.event import Event
from ingest_api.projects.projects import Projects
from ingest_api.projects.schema import Mode, Schema
from ingest_api.projects.schemas import Schemas
from ingest_api.projects.validation import checked
from ingest_api.stream import Install, Redis
from tests.workers.entries import batch, event
from tests.workers.putting import NOT_JSON, put
from tests.workers.test_landing import Bench, rows
from workers import row
from workers.batch import Batch
from workers.landed import land
from workers.reference import Reference
from workers.settings import Settings
from workers.sink import Sink
from workers.steps.schema import schema

PLAN: dict[str, Any] = {
    "required": ["plan"],
    "properties": {"plan": {"type": "string"}, "seats": {"type": "integer", "minimum": 1}},
}
GOOD, BAD = b'{"plan":"pro","seats":2}', b'{"seats":0}'


def reference(mode: Mode, changed_at: int = 0, **schemas: dict[str, Any]) -> Reference:
    """Schemas of the project `demo` by event name."""
    found = {name: Schema(checked(one), mode, 1, changed_at) for name, one in schemas.items()}
    return Reference(schemas={"demo": found, "other": {"page_view": Schema(checked({"not": {}}), mode, 1, 0)}})


def held(events: list[Event], known: Reference) -> Batch:
    """A batch behind the step."""
    one = batch(events)
    schema(one, known)
    return one


def test_a_warning_names_the_fields_and_stores_the_event() -> None:
    found = held(
        [event(1, properties=BAD), event(2, properties=GOOD), event(3, name="login", properties=BAD)],
        reference("warn", page_view=PLAN),
    )
    assert found.column("violations") == [("plan", "seats"), (), ()]
    assert found.rejected == []
    assert row.columns(found)[list(row.COLUMNS).index("violations")] == [("plan", "seats"), (), ()]


def test_a_rejected_event_is_set_aside_with_a_reason_and_its_neighbours_stay() -> None:
    bad = event(1, properties=b'{"plan":"pro","seats":"Jane Doe"}')
    found = held([bad, event(2, properties=GOOD)], reference("reject", page_view=PLAN))
    assert [(one.reason, one.raw) for one in found.rejected] == [
        ('schema: seats: must satisfy type ["integer"]', msgspec.msgpack.encode(bad))
    ]
    assert ([one.event_id[-1] for one in found.events], found.column("violations")) == ([2], [()])


@pytest.mark.parametrize("mode", ["warn", "reject"])
def test_projects_and_names_without_a_schema_are_left_alone(mode: Mode) -> None:
    found = held([event(1, project="nobody", properties=BAD), event(2, name="x", properties=BAD)], reference(mode))
    assert (len(found.events), found.rejected, found.derived) == (2, [], {})


def test_what_is_no_json_is_left_to_clickhouse() -> None:
    assert held([NOT_JSON], reference("reject", page_view={"not": {}})).rejected == []


def test_a_schema_holds_for_what_was_appended_after_it_was_set() -> None:
    for changed_at, rejected in ((999, 1), (1000, 1), (1001, 0)):  # the entry's id is 1000-0
        assert (
            len(held([event(1, properties=BAD)], reference("reject", changed_at, page_view=PLAN)).rejected) == rejected
        )


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(["plan", "seats", "x"]) | st.text(max_size=4), VALUES), max_size=6))
def test_any_properties_are_judged_alike_in_both_modes(found: list[dict[str, Any]]) -> None:
    events = [event(number, properties=msgspec.json.encode(one)) for number, one in enumerate(found)]
    if not events:
        return
    warned, rejected = (held(events, reference(mode, page_view=PLAN)) for mode in ("warn", "reject"))
    flagged = [at for at, fields in enumerate(warned.column("violations")) if fields]
    assert [one.position.index for one in rejected.rejected] == flagged
    assert [one.event_id[-1] for one in rejected.events] == [at for at in range(len(events)) if at not in flagged]


@pytest.fixture
async def bench(redis: Redis, made: Install, settings: Settings, warehouse: AsyncClient) -> AsyncIterator[Bench]:
    """Empty stores, a project, and a worker that is killed at every turn."""
    await Projects(redis).create("demo")
    sink = Sink(settings.clickhouse_url, made.id, 10)
    yield Bench(redis, made.shards[0], sink, settings)
    await sink.close()


@pytest.mark.stack
async def test_a_schema_is_applied_from_the_next_batch_on(bench: Bench, warehouse: AsyncClient) -> None:
    await Schemas(bench.redis).put("demo", "page_view", PLAN, "warn")
    await put(bench.redis, bench.shard, [event(1, properties=BAD), event(2, properties=GOOD)])
    stored = await bench.store()
    await bench.source.commit(land(stored))
    found = await warehouse.query("SELECT violations FROM events ORDER BY event_id")
    assert [list(row[0]) for row in found.result_rows] == [["plan", "seats"], []]
    await Schemas(bench.redis).put("demo", "page_view", PLAN, "reject")
    await put(bench.redis, bench.shard, [event(3, properties=BAD), event(4, properties=GOOD)])
    await bench.store()
    assert await rows(warehouse) == {"events": [1, 2, 4], "rejected_events": [3]}


@pytest.mark.stack
@pytest.mark.parametrize("change", ["stricter", "looser", "gone", "none"])
async def test_a_schema_that_is_changed_between_attempts_changes_nothing_of_the_batch(
    bench: Bench, warehouse: AsyncClient, change: str
) -> None:
    schemas = Schemas(bench.redis)
    await schemas.put("demo", "page_view", PLAN, "reject")
    await put(
        bench.redis, bench.shard, [event(1, properties=BAD), event(2, properties=GOOD), event(3, properties=GOOD)]
    )
    await bench.store()
    once = await rows(warehouse)
    if change == "stricter":
        await schemas.put("demo", "page_view", {"not": {}}, "reject")
    elif change == "looser":
        await schemas.put("demo", "page_view", {}, "reject")
    elif change == "gone":
        await schemas.remove("demo", "page_view")
    for _ in range(3):  # the last one looks at the batch in a child process first
        await bench.store()
    assert await rows(warehouse) == once == {"events": [2, 3], "rejected_events": [1]}


@pytest.mark.stack
async def test_a_batch_that_was_inserted_without_a_schema_is_not_rejected_when_it_comes_again(
    bench: Bench, warehouse: AsyncClient
) -> None:
    await put(bench.redis, bench.shard, [event(1, properties=BAD), event(2, properties=GOOD)])
    await bench.store()
    await Schemas(bench.redis).put("demo", "page_view", PLAN, "reject")
    await bench.store()
    assert await rows(warehouse) == {"events": [1, 2], "rejected_events": []}


@pytest.mark.stack
async def test_what_a_project_refuses_halts_no_shard(bench: Bench, warehouse: AsyncClient) -> None:
    await Schemas(bench.redis).put("demo", "page_view", PLAN, "reject")
    await put(bench.redis, bench.shard, [event(number, properties=BAD) for number in range(300)])
    await bench.store(breaker_events=10, breaker_run=10)
    assert len((await rows(warehouse))["rejected_events"]) == 300


@pytest.mark.stack
async def test_rejected_events_are_grouped_by_field_and_what_is_wrong(bench: Bench, warehouse: AsyncClient) -> None:
    wrong = {"properties": {f"item{number}": {"type": "integer"} for number in range(2)}}
    await Schemas(bench.redis).put("demo", "page_view", wrong, "reject")
    values = [{"item0": "a"}, {"item0": ["b"]}, {"item1": "c"}, {"item1": {"d": 1}}]
    await put(bench.redis, bench.shard, [event(n, properties=orjson.dumps(one)) for n, one in enumerate(values)])
    await bench.store()
    found = await warehouse.query("SELECT any(reason), count() FROM rejected_events GROUP BY fingerprint ORDER BY 1")
    assert [tuple(one) for one in found.result_rows] == [
        ('schema: item0: must satisfy type ["integer"]', 2),
        ('schema: item1: must satisfy type ["integer"]', 2),
    ]
