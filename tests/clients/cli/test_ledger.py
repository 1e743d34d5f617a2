"""`headrace ledger`: the books, and an exit code that says whether they balance."""

from tests.clients.cli.conftest import Headrace
from tests.clients.cli.double import Double, Fault


async def test_each_minute_is_a_line_and_the_sums_are_the_last(connected: Headrace, double: Double) -> None:
    double.events.extend([{}] * 1234)
    ended = await connected("ledger")
    assert (ended.code, ended.err) == (0, "")
    heads, minute, total = ended.out.splitlines()
    assert heads.split() == [
        *("minute", "accepted", "stored", "rejected", "repeated", "erased", "in", "flight", "duplicate", "refused"),
        "balanced",
    ]
    counts = ["1,234", "1,234", "0", "0", "0", "0", "1", "1,500", "rate_limited,", "2", "invalid_field", "yes"]
    assert minute.split() == ["2026-11-21T10:00:00Z", *counts]
    assert total.split() == ["total", *counts]


async def test_books_that_do_not_balance_end_with_one(connected: Headrace, double: Double) -> None:
    double.events.extend([{}] * 3)
    double.lost = 1
    ended = await connected("ledger")
    assert ended.code == 1
    assert [line.split()[-1] for line in ended.out.splitlines()] == ["balanced", "NO", "NO"]
    assert "The books do not balance" in ended.err


async def test_json_is_the_answer_as_it_came(connected: Headrace, double: Double) -> None:
    double.faults.append(Fault(status=503))
    ended = await connected("--json", "ledger", "--from", "2026-11-21T10:00", "--to", "2026-11-21T11:00")
    assert ended.code == 0
    assert ended.document["data"]["balanced"] is True
    assert ended.document["meta"]["lag_seconds"] == 0.25
    asked = [dict(request.query) for request in double.requests]
    assert asked == [{"from": "2026-11-21T10:00", "to": "2026-11-21T11:00"}] * 2
