"""`headrace doctor`: every part in a line of its own, and an exit code for scripts."""

import pytest

from clients.cli.doctor import CHECKS
from tests.clients.cli.conftest import Headrace


@pytest.mark.stack
async def test_problems_are_shown_with_remedies_and_end_with_one(connected: Headrace, redis_url: str) -> None:
    ended = await connected("doctor", HEADRACE_REDIS_URL=redis_url, HEADRACE_CLICKHOUSE_URL="http://127.0.0.1:1/")
    lines = ended.out.splitlines()
    assert (ended.code, ended.err) == (1, "")
    assert any(line.startswith("✓ Redis answers") for line in lines)
    assert any(line.startswith("✓ write key") for line in lines)
    failed = next(position for position, line in enumerate(lines) if line.startswith("✗ ClickHouse answers"))
    assert lines[failed + 1].startswith("    -> Start ClickHouse")
    assert any(line.startswith("- schema") for line in lines)


async def test_what_is_well_ends_with_zero_also_where_parts_are_not_known(connected: Headrace) -> None:
    ended = await connected("doctor", "--json")
    assert (ended.code, ended.document["ok"]) == (0, True)
    assert [check["name"] for check in ended.document["checks"]] == [check.name for check in CHECKS]
    assert {check["state"] for check in ended.document["checks"]} == {"ok", "skipped"}


async def test_json_carries_the_same_findings(connected: Headrace) -> None:
    ended = await connected("doctor", "--json", HEADRACE_URL="http://127.0.0.1:1")
    failed = [check for check in ended.document["checks"] if check["state"] == "fail"]
    assert (ended.code, ended.document["ok"]) == (1, False)
    assert [check["name"] for check in failed] == ["front door alive", "queries ready"]
    assert all(check["remedy"] for check in failed)


async def test_nothing_to_check_is_wrong_usage(headrace: Headrace) -> None:
    ended = await headrace("doctor", "--json")
    assert ended.code == 2
    assert "no HEADRACE_ setting" in ended.document["error"]


def test_a_check_comes_after_those_it_needs() -> None:
    seen: set[str] = set()
    for check in CHECKS:
        assert not check.needs or check.needs in seen
        seen.add(check.name)
    assert len(seen) == len(CHECKS)
