"""The demo as one sees it: a progress bar while events are sent, and a table of what the stats API then answers."""

import time
from collections import Counter
from collections.abc import Mapping

import aiohttp
from redis.exceptions import RedisError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from deploy.local.demo import Sent, count_events, send, until_queryable
from deploy.local.traffic import Act, acts

_PLAIN_STEPS = 4


async def demo(console: Console, env: Mapping[str, str], count: int) -> None:
    """Send `count` events over all routes, wait until they are visible, show them as the stats API counts them.

    What goes wrong is said and no more: the stack is worth keeping when a demo is not.
    """
    try:
        await _demo(console, env, count)
    except (aiohttp.ClientError, RedisError, OSError) as error:  # a TimeoutError is an OSError
        why = str(error) or "it took too long"
        console.print(f"The demo did not finish: {why}. See `make status` and `make logs`.", markup=False)


async def _demo(console: Console, env: Mapping[str, str], count: int) -> None:
    if not count:
        return
    now_ms = time.time_ns() // 1_000_000
    made = acts(now_ms, count, now_ms)  # the time of the run is the seed: each run sends new idempotency keys
    sent = await _send(console, env, made)
    console.print(f"{sent.total:,} events acknowledged in {sent.seconds:.1f} s", markup=False)
    for problem in sent.refused[:5]:
        console.print(f"refused: {problem}", markup=False)
    waited = await until_queryable(env["HEADRACE_REDIS_URL"])
    console.print(f"all of them can be queried {waited:.1f} s after the last acknowledgement\n", markup=False)
    names = Counter(act.name for act in made)
    console.print(_counts(names, await count_events(env, names)))
    console.print()
    console.print(_routes(sent))


async def _send(console: Console, env: Mapping[str, str], made: list[Act]) -> Sent:
    columns = (TextColumn("sending"), BarColumn(), MofNCompleteColumn(), TextColumn("events"), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task, said, done = progress.add_task("send", total=len(made)), 0, 0

        def step(count: int) -> None:
            nonlocal done, said
            done += count
            progress.advance(task, count)
            if not console.is_terminal and done * _PLAIN_STEPS // len(made) > said:
                said = done * _PLAIN_STEPS // len(made)
                console.print(f"sending: {done:,} of {len(made):,} events", markup=False)

        return await send(made, env, step=step)


def _counts(names: Counter[str], counted: Mapping[str, int]) -> Table:
    table = Table(
        "event", "sent now", "last 24 h", box=None, caption="counted by the stats API", caption_justify="left"
    )
    for name, sent in names.most_common():
        table.add_row(name, f"{sent:,}", f"{counted[name]:,}")
    table.add_row("all", f"{names.total():,}", f"{counted['']:,}", style="bold")
    return table


def _routes(sent: Sent) -> Table:
    table = Table("route", _number("acknowledged"), box=None)
    for route, count in sent.by_route.items():
        table.add_row(route, f"{count:,}")
    return table


def _number(title: str) -> Column:
    return Column(title, justify="right")
