"""The demo's traffic through a real stack, and what a producer does when the answer is no."""

import time

import msgspec
import pytest

from deploy.local.demo import count_events, send, until_queryable
from deploy.local.routes import ROUTES
from deploy.local.running import RunningStack
from deploy.local.traffic import acts

pytestmark = pytest.mark.stack


async def test_everything_that_is_acknowledged_can_be_queried_afterwards(local_stack: RunningStack) -> None:
    env, now = local_stack.env, time.time_ns() // 1_000_000
    before = await count_events(env, ("page_view",))
    made, steps = acts(now, 500, now), list[int]()
    sent = await send(made, env, step=steps.append)
    assert (sent.total, sent.refused) == (500, [])
    assert sum(steps) == 500
    assert set(sent.by_route) == {route.name for route in ROUTES}
    await until_queryable(env["HEADRACE_REDIS_URL"])
    after = await count_events(env, ("page_view",))
    assert after[""] - before[""] == 500
    assert after["page_view"] - before["page_view"] == sum(act.name == "page_view" for act in made)


async def test_sending_the_same_acts_again_adds_nothing(local_stack: RunningStack) -> None:
    env, now = local_stack.env, time.time_ns() // 1_000_000
    made = acts(now, 100, now)
    for _ in range(2):
        await send(made, env, step=lambda _: None)
    await until_queryable(env["HEADRACE_REDIS_URL"])
    before = await count_events(env, ())
    await send(made, env, step=lambda _: None)
    await until_queryable(env["HEADRACE_REDIS_URL"])
    assert await count_events(env, ()) == before


async def test_a_refusal_is_told_with_its_route_and_its_reason(local_stack: RunningStack) -> None:
    env, now = local_stack.env, time.time_ns() // 1_000_000
    made = acts(now, 3, now)
    array = [route for route in ROUTES if route.name == "intake array"]
    sent = await send(made, {**env, "HEADRACE_WRITE_KEY": "wrong"}, routes=array, step=lambda _: None)
    assert sent.total == 0
    assert sent.refused[0].startswith("intake array: 401 ")


async def test_a_batch_that_is_taken_in_part_is_not_counted_as_acknowledged(local_stack: RunningStack) -> None:
    env, now = local_stack.env, time.time_ns() // 1_000_000
    good, bad = acts(now, 2, now)
    bad = msgspec.structs.replace(bad, name="")
    array = [route for route in ROUTES if route.name == "intake array"]
    sent = await send([good, bad], env, routes=array, step=lambda _: None)
    assert sent.total == 0
    assert '"rejected":1' in sent.refused[0]
