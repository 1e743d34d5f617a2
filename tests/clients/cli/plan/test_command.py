"""`headrace plan`, and the plans in docs/scale.md, which it made."""

import re
import shlex
from pathlib import Path

import pytest

from tests.clients.cli.conftest import Headrace

PAGE = (Path(__file__).parents[4] / "docs" / "scale.md").read_text()
#: a block of the page: the command as it is given, and what it answers
PLANS = re.findall(r"^    \$ headrace (plan [^\n]+)\n((?:    [^\n]*\n|\n(?=    ))+)", PAGE, flags=re.MULTILINE)


async def test_the_plan_shows_the_sum_behind_each_figure(headrace: Headrace) -> None:
    ended = await headrace("plan", "--events-per-second", "1000", "--event-bytes", "400", "--outage", "1h")
    assert (ended.code, ended.err) == (0, "")
    assert "1,000 x 3,600 s x 107 bytes" in ended.out
    assert "Speeds measured 2026-11-22 on 2 cores" in ended.out


async def test_json_has_the_demand_the_costs_and_every_line(headrace: Headrace) -> None:
    document = (await headrace("plan", "--events-per-second", "100000", "--replicas", "2", "--json")).document
    assert document["demand"]["events_per_second"] == 100_000
    assert document["costs"]["speeds"]["worker"] == 85_199
    assert {one["part"] for one in document["lines"]} >= {"front door", "workers", "redis", "shards", "clickhouse"}
    assert document["lines"][-1]["what"] == "machines"
    assert len(document["notes"]) == 3


async def test_own_costs_make_another_plan(headrace: Headrace) -> None:
    own = (Path(__file__).parents[4] / "clients/cli/plan/costs.toml").read_bytes()
    headrace.write("own.toml", own.replace(b"worker = 85199", b"worker = 4454"))
    ended = await headrace("plan", "--events-per-second", "50000", "--costs", "own.toml")
    assert "50,000 / (4,454 x 60%)" in ended.out


@pytest.mark.parametrize(
    "wrong", [("--events-per-second", "0"), ("--events-per-second", "1", "--outage", "soon"), ("--outage", "1h")]
)
async def test_a_demand_that_cannot_be_reckoned_is_wrong_usage(headrace: Headrace, wrong: tuple[str, ...]) -> None:
    ended = await headrace("plan", *wrong)
    assert (ended.code, ended.out) == (2, "")


@pytest.mark.parametrize(("command", "shown"), PLANS, ids=[command.split()[2] for command, _ in PLANS])
async def test_the_plans_in_the_documents_are_what_the_command_answers(
    headrace: Headrace, command: str, shown: str
) -> None:
    ended = await headrace(*shlex.split(command))
    assert ended.code == 0
    answered = [line.rstrip() for line in ended.out.splitlines()]
    assert answered == [line.removeprefix("    ").rstrip() for line in shown.rstrip("\n").splitlines()]


def test_the_documents_have_a_plan_for_each_size() -> None:
    assert [int(command.split()[2]) for command, _ in PLANS] == [1_000, 100_000, 1_000_000, 10_000_000]
