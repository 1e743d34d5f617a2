"""What a client is told for each error, and what it is not told."""

import pytest
from redis.exceptions import ConnectionError as RedisGone

from ingest_api.errors import Detail
from queries.errors import Refused, StoreUnavailable
from queries.psql import sqlstate
from queries.psql.sqlstate import Failure


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (Refused(422, "too much"), "54000"),
        (Refused(429, "later"), "53400"),
        (Refused(400, "no"), "42000"),
        (StoreUnavailable("http://user:secret@host"), "57P03"),
        (RedisGone("secret"), "57P03"),
        (OSError("secret"), "57P03"),
        (RecursionError("secret"), "54001"),
    ],
)
def test_an_error_has_its_state_and_tells_no_secret(error: Exception, state: str) -> None:
    failure = sqlstate.of(error)
    assert failure is not None
    assert failure.sqlstate == state
    assert "secret" not in failure.message


def test_details_of_a_refusal_are_told() -> None:
    failure = sqlstate.of(Refused(400, "Wrong.", [Detail("limit", "at most 10")]))
    assert failure is not None
    assert failure.message == "Wrong. limit: at most 10"


def test_a_failure_is_itself() -> None:
    failure = Failure("42601", "x", hint="y")
    assert sqlstate.of(failure) is failure
    assert not failure.fatal


def test_errors_that_nobody_expected_are_for_the_log_alone() -> None:
    assert sqlstate.of(ZeroDivisionError("secret")) is None


def test_codes_of_the_engine_have_states() -> None:
    assert [sqlstate.of_engine(code) for code in (47, 46, 62, 99_999)] == ["42703", "42883", "42601", "42000"]
