"""One step of a load: what was sent, what came back, and when."""

from clients.cli.bench.step import Offer
from clients.cli.errors import Unreachable
from clients.cli.service import Service
from clients.cli.settings import Settings
from tests.clients.cli.double import WRITE_KEY, Double, Fault

SECONDS = 0.5


def settings(double: Double, key: str = WRITE_KEY) -> Settings:
    return Settings(_env_file=None, url=double.url, write_key=key)


async def test_as_many_events_are_offered_as_were_asked_for_each_with_its_own_key(double: Double) -> None:
    async with Service(settings(double)) as service:
        answers = await Offer(service, 10).step(400, SECONDS)
    assert (answers.acknowledged, answers.refused) == (200, 0)
    assert len({event["idempotency_key"] for event in double.events}) == 200
    assert len(answers.latencies) == 20
    assert 0 < answers.latency(0.5) <= answers.latency(0.99)
    assert answers.seconds >= SECONDS * 0.9


async def test_what_is_refused_is_counted_and_not_sent_again(double: Double) -> None:
    double.faults.extend([Fault(503, "5"), Fault(cut=True), Fault(unavailable=frozenset({3, 4}))])
    async with Service(settings(double)) as service:
        answers = await Offer(service, 10).step(100, SECONDS)
    assert (answers.acknowledged, answers.refused) == (28, 3)
    assert answers.reason == "2 of 10 events were not taken"


async def test_a_key_that_opens_nothing_ends_it(double: Double) -> None:
    async with Service(settings(double, "wrong")) as service:
        try:
            await Offer(service, 10).step(100, SECONDS)
        except Unreachable as error:
            said = str(error)
    assert "HEADRACE_WRITE_KEY" in said
