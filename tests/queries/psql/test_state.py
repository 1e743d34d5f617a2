"""What a session remembers, and how much of it."""

import pytest

from queries.psql.portals import Portal, Prepared
from queries.psql.sqlstate import Failure
from queries.psql.state import DEFAULTS, FIXED, MAX_NAMED, REPORTED, State
from queries.psql.statements import split


async def test_only_what_has_no_name_is_replaced() -> None:
    state = State("p")
    for _ in range(2):
        state.prepare("", Prepared(None))
        await state.open("", Portal(Prepared(None)))
    state.prepare("a", Prepared(None))
    await state.open("a", Portal(Prepared(None)))
    with pytest.raises(Failure, match='prepared statement "a" already exists'):
        state.prepare("a", Prepared(None))
    with pytest.raises(Failure, match='cursor "a" already exists'):
        await state.open("a", Portal(Prepared(None)))


async def test_what_is_not_there_is_said() -> None:
    state = State("p")
    for look, sqlstate in ((state.statement, "26000"), (state.portal, "34000")):
        with pytest.raises(Failure) as failure:
            look("x")
        assert failure.value.sqlstate == sqlstate
    await state.drop("x")


async def test_the_end_of_a_transaction_closes_every_portal() -> None:
    state = State("p", status="T")
    portal = Portal(Prepared(None))
    await state.open("a", portal)
    await state.end()
    assert (state.status, state.portals, portal.done) == ("I", {}, True)


def test_a_failure_fails_the_transaction_if_there_is_one() -> None:
    for before, after in (("I", "I"), ("T", "E"), ("E", "E")):
        state = State("p", status=before)
        state.fail()
        assert state.status == after


async def test_a_session_keeps_only_so_many() -> None:
    state = State("p")
    for number in range(MAX_NAMED):
        state.prepare(str(number), Prepared(None))
        await state.open(str(number), Portal(Prepared(None)))
    with pytest.raises(Failure, match="keeps no more"):
        state.prepare("more", Prepared(None))
    with pytest.raises(Failure, match="keeps no more"):
        await state.open("more", Portal(Prepared(None)))


async def test_long_statements_are_kept_in_smaller_numbers() -> None:
    state = State("p")
    (long,) = split("SELECT '" + "x" * 50_000 + "'")
    for number in range(5):
        prepared = Prepared(long)
        state.prepare(str(number), prepared)
        await state.open(str(number), Portal(prepared))
    with pytest.raises(Failure) as failure:
        state.prepare("more", Prepared(long))
    assert failure.value.sqlstate == "54000"
    state.prepared.clear()
    with pytest.raises(Failure):
        await state.open("more", Portal(Prepared(long)))
    await state.end()
    await state.open("more", Portal(Prepared(long)))


def test_what_is_reported_and_what_is_fixed_is_there() -> None:
    known = DEFAULTS.keys() | {"session_authorization"}
    assert REPORTED.keys() | FIXED <= known
    assert State("p").settings["session_authorization"] == "p"
