"""Errors: from the engine's words to ClickHouse's code, text and HTTP status."""

import pytest
from aiohttp import ClientSession

from deploy.local.clickhouse.exceptions import Code, failed, refused
from tests.deploy.local.clickhouse.served import ask


@pytest.mark.parametrize(
    "engine_text",
    [
        "Code: 60. DB::Exception: No table. (UNKNOWN_TABLE)",
        "Code: 60. DB::Exception: No table. (UNKNOWN_TABLE) (version 26.9.2.1)",
        "Code: 60. DB::Exception: No table. (UNKNOWN_TABLE) (version 26.9.2.1 (official build))\n",
        "Streaming insert append failed: Code: 60. DB::Exception: No table. (UNKNOWN_TABLE) (version 26.9.2.1)",
        "Streaming insert finish failed: Code: 60. DB::Exception: No table. (UNKNOWN_TABLE)",
    ],
)
def test_the_words_around_the_engines_message_are_taken_off(engine_text: str) -> None:
    error = failed(engine_text)
    assert str(error) == "Code: 60. DB::Exception: No table. (UNKNOWN_TABLE)"
    assert error.code == 60


def test_an_error_without_a_code_gets_one() -> None:
    error = failed("send_insert does not support that")
    assert str(error) == "Code: 1001. DB::Exception: send_insert does not support that. (STD_EXCEPTION)"
    assert error.status == 500


@pytest.mark.parametrize(
    ("code", "status"),
    [(62, 400), (27, 400), (194, 401), (516, 403), (60, 404), (81, 404), (115, 404), (159, 408), (48, 501), (241, 500)],
)
def test_codes_map_to_the_statuses_of_clickhouse(code: int, status: int) -> None:
    assert failed(f"Code: {code}. DB::Exception: x. (X)").status == status


def test_our_own_refusals_read_like_the_engines() -> None:
    error = refused(Code.LZ4_DECODER_FAILED, "The body is damaged")
    assert str(error) == "Code: 618. DB::Exception: The body is damaged. (LZ4_DECODER_FAILED)"
    assert error.status == 400


@pytest.mark.stack
@pytest.mark.parametrize(
    ("query", "fields", "code", "status"),
    [
        ("SELEC 1", {}, 62, 400),
        ("SELECT 1; SELECT 2", {}, 62, 400),
        ("", {}, 62, 400),
        ("SELECT * FROM nowhere", {}, 60, 404),
        ("SELECT nothing", {}, 47, 404),
        ("SELECT 1", {"database": "nowhere"}, 81, 404),
        ("SELECT 1", {"no_such_setting": "1"}, 115, 404),
        ("SELECT 1", {"max_threads": "many"}, 27, 400),
        ("SELECT 1", {"default_format": "dataframe"}, 73, 404),
        ("SELECT 1 FORMAT Nonsense", {}, 73, 404),
        ("SELECT {x:UInt8}", {"param_x": "many"}, 457, 500),
        ("SELECT throwIf(1)", {}, 395, 500),
        ("SELECT sum(cityHash64(number)) FROM numbers(1000000000000)", {"max_execution_time": "0.2"}, 159, 408),
        ("SELECT 1 INTO OUTFILE '/tmp/headrace-must-not-be'", {}, 358, 500),
        ("INSERT INTO nowhere FORMAT CSV\n1", {}, 60, 404),
    ],
)
async def test_errors_have_clickhouses_code_status_and_text(
    http: ClientSession, query: str, fields: dict[str, str], code: int, status: int
) -> None:
    reply = await ask(http, query, **fields)
    assert (reply.status, reply.headers["X-ClickHouse-Exception-Code"]) == (status, str(code))
    assert reply.body.startswith(b"Code: %d. DB::Exception: " % code)
    assert reply.body.endswith(b") (version 26.9.2.1)\n")
    assert reply.headers["X-ClickHouse-Query-Id"]
