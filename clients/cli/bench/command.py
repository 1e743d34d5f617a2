"""`headrace bench`: raises the load step by step until something gives way, and names it."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from clients.cli.bench.climb import Climb, Course
from clients.cli.bench.knee import Limit, Step, limit
from clients.cli.bench.step import Offer
from clients.cli.bench.watch import Watch
from clients.cli.errors import Exit, Transient, Unreachable
from clients.cli.output import Invocation, table
from clients.cli.service import Service

_SETTLED_SECONDS, _SETTLED_LAG = 60.0, 2.0


async def bench(
    *,
    course: Annotated[Course | None, Parameter(name="*")] = None,
    cli: Annotated[Invocation, Parameter(parse=False)],
) -> Exit:
    """Find how many events a second a running installation bears, and what limits it.

    headrace bench
    headrace bench --rate 5000 --batch 500 --seconds 10 --json

    Offers events through the front door, half as many again with each step, until a step does not hold, or the
    events or the time are used up. They are in a project of their own, kept for a day. Others' events wait beside
    them: do not run it where that matters. Needs an admin key.
    """
    course = course or Course()
    async with (
        Service(cli.settings) as operator,
        _project(operator, cli) as (project, key),
        Service(cli.settings.model_copy(update={"write_key": key})) as producer,
    ):
        watch = Watch(operator)
        climb = Climb(watch, Offer(producer, course.batch), course, cli.output.note)
        why = await climb.run()
        await _settled(cli, watch)
    steps = climb.steps
    held = steps[:-1] if why else steps
    found = limit(steps[-1], course.limits) if why else None
    knee = held[-1].offered if held else 0.0
    document = {"project": project, "knee": knee, "limit": found, "problem": why, "steps": steps}
    cli.output.answer(msgspec.to_builtins(document), _table(steps), _told(knee, found, why, project))
    return Exit.OK


async def _settled(cli: Invocation, watch: Watch) -> None:
    """Wait until what was offered is stored, so that the installation is left as it was."""
    deadline = time.monotonic() + _SETTLED_SECONDS
    while watch.seen is not None and watch.seen.lag_seconds > _SETTLED_LAG:
        if time.monotonic() > deadline:
            cli.output.note(f"{_SETTLED_SECONDS:g} s later events still wait: see `headrace top`.")
            return
        await asyncio.sleep(0.5)
        await watch.look()


@contextlib.asynccontextmanager
async def _project(operator: Service, cli: Invocation) -> AsyncIterator[tuple[str, str]]:
    """A project of this run and a key for it, closed at the end. Its events go after a day."""
    name = f"bench-{secrets.token_hex(4)}"
    cli.settings.need("admin_key", "Make one: headrace key create --kind admin")
    try:
        await operator.manage("POST", "/api/v1/projects", order={"id": name, "retention_days": 1}, params={})
        made = await operator.manage("POST", f"/api/v1/projects/{name}/keys", order={"kind": "write"}, params={})
    except Transient as why:
        raise Unreachable(str(why)) from why
    key = made.decode(_Made).data
    try:
        yield name, key.token
    finally:
        with contextlib.suppress(Transient):
            await operator.manage("DELETE", f"/api/v1/projects/{name}/keys/{key.id}", params={})


class _Key(msgspec.Struct):
    id: str
    token: str


class _Made(msgspec.Struct):
    data: _Key


def _table(steps: list[Step]) -> Any:
    rows = [
        [
            f"{one.offered:,.0f}", f"{one.acknowledged:,.0f}", f"{one.p50_ms:,.0f}", f"{one.p99_ms:,.0f}",
            f"{one.lag_seconds:.1f}", f"{one.waiting:,}", f"{one.memory:.0%}",
        ]
        for one in steps
    ]  # fmt: skip
    return table("offered/s", "acknowledged/s", "p50 ms", "p99 ms", "lag s", "waiting", "redis", rows=rows)


def _told(knee: float, found: Limit | None, why: str, project: str) -> str:
    if found is None:
        said = f"{knee:,.0f} events/s held; the events or the time were used up before anything gave way."
    elif not knee:
        said = f"The first step did not hold: {why}. Begin with a lower --rate."
    else:
        said = f"{knee:,.0f} events/s held. Beyond, {why}."
    cause = f"\nThe limit is {found.stage}: {found.why}. {found.remedy}" if found else ""
    return f"{said}{cause}\nThe events are in project {project} and go after a day."
