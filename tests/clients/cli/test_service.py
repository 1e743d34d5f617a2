"""One attempt: what an answer, and the lack of one, is taken for."""

import pytest

from clients.cli.errors import CliError, No, Transient, Unreachable, WrongUsage
from clients.cli.service import Answer, Service
from clients.cli.settings import Settings
from tests.clients.cli.double import QUERY_KEY, WRITE_KEY, Double, Fault


def settings(url: str, *, key: str = WRITE_KEY) -> Settings:
    return Settings(url=url, write_key=key, query_key=QUERY_KEY)


async def post(service: Service) -> Answer:
    return await service.post_events(b'{"event_type":"a"}', "application/json")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
async def test_what_passes_may_be_tried_again(double: Double, status: int) -> None:
    double.faults.append(Fault(status=status, retry_after="7", body=b'{"error":"Busy","message":"Redis is full."}'))
    async with Service(settings(double.url)) as service:
        with pytest.raises(
            Transient, match=rf"The front door at http://.* answered {status}: Redis is full\.$"
        ) as raised:
            await post(service)
    assert raised.value.retry_after == 7


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (401, Unreachable, "HEADRACE_WRITE_KEY"),
        (403, Unreachable, "--key"),
        (404, No, "another service"),
        (413, Unreachable, "--batch"),
    ],
)
async def test_what_does_not_pass_is_told_apart(double: Double, status: int, error: type[CliError], words: str) -> None:
    double.faults.append(Fault(status=status, body=b"\xff not json"))
    async with Service(settings(double.url)) as service:
        with pytest.raises(error, match=words):
            await post(service)


async def test_a_cut_connection_passes(double: Double) -> None:
    double.faults.append(Fault(cut=True))
    async with Service(settings(double.url)) as service:
        with pytest.raises(Transient, match="cannot be reached: the connection was lost"):
            await post(service)


async def test_a_400_is_an_answer_with_every_reason(double: Double) -> None:
    body = (
        b'{"message":"Not valid.","details":[{"field":"a","message":"is required"},{"field":"b","message":"is odd"}]}'
    )
    double.faults.append(Fault(status=400, body=body))
    async with Service(settings(double.url)) as service:
        answer = await post(service)
    assert answer.reason() == "Not valid. (a: is required; b: is odd)"


async def test_a_key_with_a_line_break_is_wrong_usage(double: Double) -> None:
    async with Service(settings(double.url, key="a\nb")) as service:
        with pytest.raises(WrongUsage, match="cannot be written"):
            await post(service)


async def test_reasons_cannot_steer_the_terminal() -> None:
    assert "\x1b" not in Answer(400, b'{"error":"\\u001b[2J"}', "It").reason()
