"""Answers with rollups equal those without, and plain Python, whatever happened to the hours in between."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.client import Client
from hypothesis import given, settings

from ingest_api.stream import Redis
from queries.questions import filters, rollups, select, sources
from queries.questions.question import Question
from tests.examples import examples
from tests.queries.crowd import Row
from tests.queries.lived import lived, pasts
from tests.queries.rolled import FACTS, HOUR, MINUTE, START, answer, ask, counts, project, raw
from tests.queries.stored import event, store
from tests.workers.rolling import at_work, roll
from workers.clickhouse.visit import visit
from workers.rollups import upkeep
from workers.rollups.rollup import Building

pytestmark = pytest.mark.stack


def questions(name: str) -> Iterable[tuple[Question, Callable[[Row], bool]]]:
    """Each kind that rollups answer, and which events its filter keeps."""
    everything: Callable[[Row], bool] = lambda _: True  # noqa: E731  # one type for all of them
    for by in (
        (),
        ("time:hour",),
        ("time:day",),
        ("page",),
        ("viewed_page",),
        ("site_id",),
        ("country", "time:hour"),
        ("event", "site_id"),
    ):
        yield ask(name, *by), everything
    yield ask(name, since=START + 7 * MINUTE, until=START + 5 * HOUR + 30 * MINUTE), everything
    yield ask(name, "time:hour", since=START + MINUTE, until=START + 3 * HOUR + 1), everything
    yield ask(name, since=0, until=None), everything
    yield ask(name, metrics=("page_views", "event_count", "visitors")[1:2]), everything
    yield ask(name, "page", bots="only"), everything
    yield ask(name, bots="include", site_id="web"), everything
    page = filters.parse(["or", [["is", "page", ["/a"]], ["contains", "page", ["b"]]]])
    yield ask(name, "page", found=page), lambda row: row["path"] in {"/a", "/b"}
    yield ask(name, found=filters.parse(["is_not", "event", ["buy"]])), lambda row: row["name"] != "buy"
    yield ask(name, "page", "time:day", among=(("/a",),)), lambda row: row["path"] == "/a"
    two = ask(name, "site_id", "page", among=(("web", "/a"), ("", "/b")))
    yield two, lambda row: (row["site_id"], row["path"]) in {("web", "/a"), ("", "/b")}
    both = filters.parse(["and", [["is", "country", ["DE"]], ["is", "site_id", ["app"]]]])
    yield ask(name, found=both), lambda row: (row["country"], row["site_id"]) == ("DE", "app")


@given(past=pasts(FACTS, 20))
@settings(max_examples=examples(2), deadline=None)
def test_answers_equal_those_of_the_events_and_of_plain_python(
    past: list[Any], warehouse: Client, clickhouse_url: str, redis_url: str
) -> None:
    name = project()
    for happens, rows in lived([*past, "last"], name, warehouse, lambda: roll(clickhouse_url, redis_url)):
        if happens not in ("again", "merge"):
            for question, keep in questions(name):
                wanted = counts(rows, question, keep)
                wanted = {key: value[: len(question.metrics)] for key, value in wanted.items()}
                assert (found := answer(warehouse, question)) == wanted, question
                assert raw(warehouse, question) == {key: value[:3] for key, value in found.items()}


def rolled(warehouse: Client, clickhouse_url: str, redis_url: str) -> tuple[str, list[Row]]:
    """A project of six hours, all of them closed."""
    name = project()
    rows = [
        event(name, occurred_at=START + n * 10 * MINUTE, client_id=f"c{n % 7}", path=f"/{n % 3}") for n in range(36)
    ]
    store(warehouse, *rows)
    roll(clickhouse_url, redis_url)
    return name, rows


def test_a_row_of_a_rollup_that_is_altered_is_seen_in_the_answer(
    warehouse: Client, clickhouse_url: str, redis_url: str
) -> None:
    name, rows = rolled(warehouse, clickhouse_url, redis_url)
    question = ask(name)
    assert answer(warehouse, question) == counts(rows, question)
    change = "UPDATE events = events + 1 WHERE project = {project:String} AND dimension = ''"
    warehouse.command(f"ALTER TABLE rollup_hours {change}", {"project": name}, settings={"mutations_sync": 1})
    assert answer(warehouse, question) == {(): (42, 0, 7, 7)}, "six hours, each with one more"
    assert raw(warehouse, question) == {(): (36, 0, 7)}


def test_a_changed_hour_is_read_raw_at_once_and_the_others_are_not(
    warehouse: Client, clickhouse_url: str, redis_url: str
) -> None:
    name, _ = rolled(warehouse, clickhouse_url, redis_url)
    of = {"project": name}
    warehouse.command("ALTER TABLE rollup_hours UPDATE events = 1000 WHERE project = {project:String}", of,
                      settings={"mutations_sync": 1})  # fmt: skip
    late = event(name, occurred_at=START + 3 * HOUR + 5, client_id="late")
    store(warehouse, late)
    wanted = {(START + hour * HOUR,): 7 if hour == 3 else 1000 for hour in range(6)}
    found = answer(warehouse, ask(name, "time:hour", metrics=("event_count",)))
    assert {key: value[0] for key, value in found.items()} == wanted
    visitors = ask(name, metrics=("visitors",))
    assert answer(warehouse, visitors) == {(): (8,)}


def test_which_hours_are_clean_is_asked_once_however_often_it_is_named(warehouse: Client) -> None:
    """All of a stand-in hangs on this: one hour must not be clean in one place of a statement and open in another."""
    told = (
        "WITH (SELECT groupArray(rand64()) FROM numbers(3)) AS clean SELECT * FROM ("
        "SELECT clean AS one FROM numbers(1) WHERE number NOT IN (SELECT arrayJoin(clean)) UNION ALL "
        "SELECT groupArray(part) FROM (SELECT arrayJoin(clean) AS part) UNION ALL "
        "SELECT clean FROM system.one WHERE 1 IN (SELECT 1 FROM numbers(1) WHERE notEmpty(clean)))"
    )
    found = [tuple(row[0]) for row in warehouse.query(told).result_rows]
    assert len(found) == 3
    assert len(set(found)) == 1
    assert len({tuple(row[0]) for _ in range(3) for row in warehouse.query(told).result_rows}) == 3


async def test_while_events_come_and_hours_are_closed_no_answer_counts_one_twice_or_leaves_one_out(
    redis: Redis, clickhouse_url: str
) -> None:
    """What was stored before the question is in it, what is sent after the answer is not."""
    name, sent, stored, most = project(), 0, 0, 60

    async def write(client: AsyncClient) -> None:
        nonlocal sent, stored
        for number in range(most):
            row = event(name, occurred_at=START + number // 8 * HOUR + number, client_id=f"c{number}")
            sent += 1
            await client.insert("events", [list(row.values())], column_names=list(row))
            stored += 1

    async def close(client: AsyncClient) -> None:
        while stored < most:
            await Building(client, redis, grace=0, settle=1).run(5)

    async def look(client: AsyncClient) -> int:
        statement, clean = select.rows(ask(name, since=0, until=None)), 0
        while stored < most:
            before = stored
            found = await client.query(statement.text, parameters=statement.parameters)
            ((events, _, visitors, people),) = found.result_rows
            assert before <= events <= sent
            assert before <= visitors == events
            assert before <= people <= sent
            clean += 1
        return clean

    async with visit(clickhouse_url, 60) as one, visit(clickhouse_url, 60) as two, visit(clickhouse_url, 60) as three:
        asked, *_ = await asyncio.gather(look(three), write(one), close(two))
        versions = await one.query(f"SELECT count() FROM closed_hours WHERE project = '{name}'")
    assert asked > 5
    assert versions.result_rows[0][0] > 3


def test_what_is_too_old_leaves_rollups_too(warehouse: Client, clickhouse_url: str, redis_url: str) -> None:
    name, rows = rolled(warehouse, clickhouse_url, redis_url)
    edge = START + 2 * HOUR + 25 * MINUTE
    of = {"project": name, "edge": edge}
    old = "DELETE FROM events WHERE project = {project:String} AND occurred_at < fromUnixTimestamp64Milli({edge:Int64})"
    warehouse.command(old, of)
    assert at_work(clickhouse_url, redis_url, lambda client, _: upkeep.forget(client, name, edge))
    left = [row for row in rows if row["occurred_at"] >= edge]
    for _ in range(2):
        assert answer(warehouse, ask(name, since=0)) == counts(left, ask(name, since=0))
        roll(clickhouse_url, redis_url)
    first = "SELECT toUnixTimestamp(min(hour)) FROM rollup_hours WHERE project = {project:String}"
    assert warehouse.command(first, of) == START // 1000 + 7200
    assert at_work(clickhouse_url, redis_url, lambda client, _: upkeep.forget(client, name, edge)) is True
    assert at_work(clickhouse_url, redis_url, lambda client, _: upkeep.forget(client, name, edge)) is False


@pytest.mark.parametrize(
    "question",
    [
        ask("p", metrics=("new_users",)),
        ask("p", metrics=("event_count", "sum(properties.price)")),
        ask("p", "page", "country"),
        ask("p", "page", found=filters.parse(["is", "country", ["DE"]])),
        ask("p", "user_id"),
        ask("p", "hour_of_day"),
        ask("p", "time:minute", until=START + HOUR),
        ask("p", "time:hour", zone="Asia/Kolkata"),
        ask("p", found=filters.parse(["has_done", ["is", "event", ["buy"]]])),
        ask("p", since=START + 1, until=START + HOUR + 1),
    ],
    ids=lambda one: " ".join((*(metric.name for metric in one.metrics), *(each.name for each in one.dimensions))),
)
def test_what_rollups_do_not_know_is_read_of_the_events(question: Question) -> None:
    assert rollups.source(question, sources.binder(question), question.metrics) is None
    events = [one for one in question.metrics if one.measure.of == "events"]
    assert not events or "rollup_hours" not in select.rows(question).text


def test_times_far_ahead_can_be_asked_for(warehouse: Client) -> None:
    far = 10_413_700_000_000
    assert answer(warehouse, ask(project(), since=far, until=None)) == {(): (0, 0, 0, 0)}
    assert answer(warehouse, ask(project(), since=START, until=far)) == {(): (0, 0, 0, 0)}


def test_a_zone_of_whole_hours_has_its_own_days(warehouse: Client, clickhouse_url: str, redis_url: str) -> None:
    name, rows = rolled(warehouse, clickhouse_url, redis_url)
    question = ask(name, "time:day", zone="Europe/Istanbul", since=START - 24 * HOUR, until=START + 24 * HOUR)
    assert answer(warehouse, question) == counts(rows, question)
    assert {edge % (24 * HOUR) for edge in question.edges} == {21 * HOUR}
