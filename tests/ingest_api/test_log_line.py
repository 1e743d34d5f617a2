"""Lines of the log: what libraries say in their exceptions, without what is secret."""

import io
import json
import logging
from typing import Any

import aiohttp
import pytest

from ingest_api.log_line import LineFormatter, struck
from ingest_api.projects import keys
from ingest_api.stream import Redis

PLANTED = "planted-0123"


def logged(error: BaseException) -> str:
    """The line of an exception with its traceback, and with its text in a field."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LineFormatter("%(levelname)s %(message)s"))
    try:
        raise error
    except type(error):
        handler.handle(logging.makeLogRecord({"msg": "it failed", "why": str(error), "exc_info": _exc_info(error)}))
    return stream.getvalue()


def _exc_info(error: BaseException) -> tuple[type[BaseException], BaseException, Any]:
    return type(error), error, error.__traceback__


async def test_an_address_in_an_exception_loses_its_password() -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.InvalidURL) as wrong:
            await session.get(f"http://user:{PLANTED}@host:port/x")
    assert PLANTED in str(wrong.value), "aiohttp says it no more: is there another library that does?"
    line = logged(wrong.value)
    assert PLANTED not in line
    assert json.loads(line)["why"] == "http://***@host:port/x"


def test_a_line_of_nothing_that_is_traced_names_no_trace() -> None:
    assert "trace_id" not in json.loads(logged(ValueError("x")))


def test_a_line_stays_one_json_document() -> None:
    line = logged(ValueError(f'"redis://:{PLANTED}@host:6379/0"\n\\ redis://:{PLANTED}@host\x1b[31m'))
    assert line.count("\n") == 1
    assert json.loads(line)["why"] == '"redis://***@host:6379/0"\n\\ redis://***@host\x1b[31m'
    assert PLANTED not in line


@pytest.mark.parametrize("kind", ["session", *keys.Kind])
def test_a_key_loses_its_secret_and_keeps_its_id(kind: str) -> None:
    key_id, token = keys.mint(kind)
    assert struck(f"GET /v1/events?key={token}&n=1") == f"GET /v1/events?key=hr_{kind}_{key_id}_***&n=1"


@pytest.mark.stack
async def test_what_a_pipeline_was_sent_is_not_in_its_error(redis: Redis) -> None:
    pipe: Any = redis.pipeline(transaction=True)
    pipe.set("a", "text").hset("a", "field", f"{PLANTED} ) of pipeline caused error")
    with pytest.raises(Exception, match="WRONGTYPE") as wrong:
        await pipe.execute()
    assert PLANTED in str(wrong.value), "redis-py quotes no commands any more: take the pattern out"
    line = logged(wrong.value)
    assert PLANTED not in line
    assert "Command # 2 of pipeline caused error" in line
    assert "WRONGTYPE" in line


@pytest.mark.parametrize(
    "line", ["https://shop.example/a@b", "a@b.example", "10 @ http://host:1/x?mail=a@b", "hr_write_x"]
)
def test_what_only_looks_like_it_stays(line: str) -> None:
    assert struck(line) == line
