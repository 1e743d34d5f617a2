"""A checkup: each check for itself, whatever another one does."""

import asyncio

import pytest

from clients.cli import checkup
from clients.cli.checkup import Check, Finding, NotConfigured, Probe, State, examine, fail, ok, warn
from clients.cli.settings import Settings


async def well(_probe: Probe) -> Finding:
    return ok("well")


async def poor(_probe: Probe) -> Finding:
    return warn("poor", "Do something.")


async def ill(_probe: Probe) -> Finding:
    return fail("ill", "Do something.")


async def broken(_probe: Probe) -> Finding:
    raise RuntimeError("first line\x1b\nsecond line")


async def absent(_probe: Probe) -> Finding:
    raise NotConfigured("HEADRACE_X is not set")


async def endless(_probe: Probe) -> Finding:
    await asyncio.Event().wait()
    return ok("never")


async def run(*checks: Check) -> list[Finding]:
    return [finding async for _, finding in examine(checks, Probe(Settings.model_construct()))]


async def test_a_check_that_raises_fails_with_its_remedy_and_the_next_one_runs() -> None:
    first, second = await run(Check("a", broken, "Mend it."), Check("b", well))
    assert first == Finding(State.FAIL, "first line\N{REPLACEMENT CHARACTER}", "Mend it.")
    assert second == ok("well")


@pytest.mark.parametrize(("needed", "state"), [(well, "ok"), (poor, "ok"), (ill, "skipped"), (absent, "skipped")])
async def test_what_needs_a_check_that_did_not_pass_is_skipped(needed: checkup.Look, state: str) -> None:
    found = await run(Check("a", needed), Check("b", well, needs="a"), Check("c", well, needs="b"))
    assert [finding.state for finding in found[1:]] == [state, state]


async def test_a_check_that_hangs_is_given_up() -> None:
    async def soon(probe: Probe) -> Finding:
        async with asyncio.timeout(0.01):
            return await endless(probe)

    [finding] = await run(Check("a", soon, "Mend it."))
    assert (finding.state, finding.remedy) == (State.FAIL, "Mend it.")
    assert "no answer" in finding.found
