"""Commands without the engine: settings and transactions answer as PostgreSQL's do."""

import pytest

from queries.psql import commands
from queries.psql.commands import Done
from queries.psql.portals import Prepared
from queries.psql.sqlstate import Failure
from queries.psql.state import State
from queries.psql.statements import split


async def follow(state: State, text: str) -> Done:
    return await commands.run(state, split(text)[0])


async def shown(state: State, text: str) -> str:
    done = await follow(state, text)
    assert done.answer is not None
    (row,) = [line for lines in [lines async for lines in done.answer.lines] for line in lines]
    return row.decode()[2:-2]


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("SET application_name = 'x y'", "application_name", "x y"),
        ("SET SESSION application_name TO x", "application_name", "X"),
        ("SET LOCAL statement_timeout TO 5000", "statement_timeout", "5000"),
        ("SET search_path TO a, b", "search_path", "A, B"),
        ("SET extra_float_digits = -1", "extra_float_digits", "-1"),
        ("SET my.own = 'v'", "my.own", "v"),
    ],
)
async def test_a_setting_is_set_and_shown(text: str, name: str, value: str) -> None:
    state = State("p")
    assert (await follow(state, text)).tag == "SET"
    assert await shown(state, f"SHOW {name}") == value


async def test_the_client_is_told_of_settings_that_it_follows() -> None:
    done = await follow(State("p"), "SET application_name = 'x'")
    assert done.changed == [("application_name", "x")]
    assert (await follow(State("p"), "SET work_mem = '1MB'")).changed == []


async def test_a_setting_is_put_back() -> None:
    state = State("p")
    for text in ("RESET application_name", "RESET ALL", "SET application_name TO DEFAULT"):
        await follow(state, "SET application_name = 'x'")
        await follow(state, text)
        assert state.settings["application_name"] == ""


async def test_what_describes_the_service_stays_as_it_is() -> None:
    state = State("p")
    for text in (
        "SET client_encoding TO 'UTF-8'",
        "SET NAMES 'unicode'",
        "SET datestyle TO 'German'",
        "SET TIME ZONE 'UTC'",
    ):
        assert (await follow(state, text)).warning == ""
    done = await follow(state, "SET TimeZone TO 'Europe/Berlin'")
    assert "UTC" in done.warning
    assert (await shown(state, "SHOW TIME ZONE"), state.settings["datestyle"]) == ("UTC", "ISO, MDY")
    assert await shown(state, "SHOW transaction_read_only") == "on"


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("SET nope = 1", "42704"),
        ("SHOW nope", "42704"),
        ("SET client_encoding TO 'LATIN1'", "22023"),
        ("SET statement_timeout TO 'soon'", "22023"),
        ("SET", "42601"),
        ("FROBNICATE", "42601"),
        ("SAVEPOINT a", "25P01"),
        ("ROLLBACK TO a", "25P01"),
        ("CLOSE nothing", "34000"),
        ("DEALLOCATE nothing", "26000"),
    ],
)
async def test_a_command_that_cannot_be_followed_says_why(text: str, state: str) -> None:
    with pytest.raises(Failure) as failure:
        await follow(State("p"), text)
    assert failure.value.sqlstate == state


async def test_transactions_begin_and_end() -> None:
    state = State("p")
    steps = [
        ("BEGIN", "BEGIN", "T"),
        ("SAVEPOINT a", "SAVEPOINT", "T"),
        ("RELEASE SAVEPOINT a", "RELEASE", "T"),
        ("COMMIT", "COMMIT", "I"),
        ("START TRANSACTION READ ONLY", "START TRANSACTION", "T"),
        ("ROLLBACK", "ROLLBACK", "I"),
    ]
    for text, tag, status in steps:
        done = await follow(state, text)
        assert (done.tag, state.status, done.warning) == (tag, status, "")


async def test_a_failed_transaction_takes_only_its_end() -> None:
    state = State("p", status="E")
    with pytest.raises(Failure, match="current transaction is aborted") as failure:
        commands.allowed(state, split("SELECT 1")[0])
    assert failure.value.sqlstate == "25P02"
    commands.allowed(state, split("ROLLBACK")[0])
    assert (await follow(state, "COMMIT")).tag == "ROLLBACK"
    assert state.status == "I"
    state.status = "E"
    await follow(state, "ROLLBACK TO SAVEPOINT a")
    assert state.status == "T"


async def test_ends_without_a_beginning_are_warned_of() -> None:
    for text in ("COMMIT", "ROLLBACK"):
        assert "no transaction" in (await follow(State("p"), text)).warning
    assert "already" in (await follow(State("p", status="T"), "BEGIN")).warning


async def test_what_forgets_forgets() -> None:
    state = State("p")
    for text, tag in (("DEALLOCATE ALL", "DEALLOCATE ALL"), ("DISCARD ALL", "DISCARD ALL")):
        state.prepare("a", Prepared(None))
        assert (await follow(state, text)).tag == tag
        assert state.prepared == {}
    state.prepare("a", Prepared(None))
    assert (await follow(state, "DEALLOCATE a")).tag == "DEALLOCATE"
    assert (await follow(state, "CLOSE ALL")).tag == "CLOSE CURSOR ALL"
    assert (await follow(state, "UNLISTEN *")).tag == "UNLISTEN"


async def test_a_session_does_not_collect_settings_without_end() -> None:
    state = State("p")
    for number in range(500):
        await follow(state, f"SET my.s{number} = 1")
    assert len(state.settings) < 100


@pytest.mark.parametrize(("text", "wanted"), [("0", 0.0), ("5000", 5.0), ("100ms", 0.1), ("2 s", 2.0), ("1min", 60.0)])
def test_times_are_read_as_postgresql_writes_them(text: str, wanted: float) -> None:
    assert commands.seconds(text) == pytest.approx(wanted)


async def test_all_settings_are_shown() -> None:
    state = State("p")
    done = await follow(state, "SHOW ALL")
    assert done.answer is not None
    assert [one.name for one in done.answer.columns] == ["name", "setting", "description"]
    assert sum([len(lines) async for lines in done.answer.lines]) == len(state.settings)
