"""`headrace rejected`: acknowledged events that could not be stored, seen by their cause, and halted shards."""

from typing import Annotated, Any

import msgspec
import orjson
from cyclopts import Parameter
from cyclopts.validators import Number
from rich.console import RenderableType
from rich.text import Text

from clients.cli.errors import Exit
from clients.cli.lifetime import duration
from clients.cli.output import Invocation, printable, table
from clients.cli.question import insist
from clients.cli.retry import SHORT_SECONDS
from clients.cli.service import Answer, Service

Cli = Annotated[Invocation, Parameter(parse=False)]
Flag = Annotated[bool, Parameter(negative=())]
Limit = Annotated[int, Parameter(validator=Number(gte=1, lte=1000))]

PATH = "/api/v1/rejected"
_HEX_COLUMNS = 32


class Halted(msgspec.Struct):
    """A shard that stands still."""

    shard: int
    since: str
    reason: str


class Groups(msgspec.Struct):
    """Answer of GET /api/v1/rejected."""

    groups: list[dict[str, Any]]
    halted: list[Halted]


class Data(msgspec.Struct):
    """Every answer."""

    data: msgspec.Raw


async def list_rejected(*, project: str = "", redriven: Flag = False, limit: Limit = 100, cli: Cli) -> Exit:
    """Rejected events by their cause, the latest first.

    headrace rejected list
    headrace rejected list --project shop

    Parameters
    ----------
    project
        Only its events.
    redriven
        Also what was redriven already.
    limit
        So many causes at most.
    """
    params = {"project": project, "limit": str(limit), "redriven": "yes" if redriven else "no"}
    answer = await ask(cli, "GET", PATH, params={name: value for name, value in params.items() if value})
    found = data(answer, Groups)
    for one in found.halted:
        cli.output.note(f"Shard {one.shard} is halted since {_moment(one.since)}: {printable(one.reason)}")
        cli.output.note(f"Deploy what can store them, or let it pass: headrace rejected allow {one.shard}")
    columns = ("fingerprint", "events", "first seen", "last seen", "project", "event", "reason")
    rows = [
        [
            *(one["fingerprint"], _count(one), _moment(one["first_seen"]), _moment(one["last_seen"])),
            *(one["project"] or "-", one["name"] or "-", one["reason"]),
        ]
        for one in found.groups
    ]
    shown = table(*columns, rows=rows) if rows else "There are no rejected events."
    cli.output.answer(msgspec.to_builtins(found), shown)
    return Exit.OK


async def show_rejected(
    fingerprint: str, /, *, limit: Annotated[int, Parameter(validator=Number(gte=1, lte=100))] = 5, cli: Cli
) -> Exit:
    """Samples of one cause: what can be decoded as JSON, the rest as hex.

    headrace rejected show 9f2c41d07ab3e856

    Parameters
    ----------
    fingerprint
        As `headrace rejected list` shows it.
    limit
        So many samples at most, the newest first.
    """
    answer = await ask(cli, "GET", f"{PATH}/{fingerprint}", params={"limit": str(limit)})
    samples: list[dict[str, Any]] = data(answer, dict[str, list[dict[str, Any]]])["samples"]
    cli.output.answer({"samples": samples}, *(part for one in samples for part in _sample(one)))
    return Exit.OK


async def allow_shard(shard: int, /, *, for_: Annotated[str, Parameter(name="--for")] = "0", cli: Cli) -> Exit:
    """Let a halted shard go on although so many of its events are rejected.

    headrace rejected allow 3
    headrace rejected allow 3 --for 10m

    They are set aside, as any rejected event is: nothing is lost, and all can be put back later.

    Parameters
    ----------
    shard
        Its number, as `headrace rejected list` and `headrace doctor` show it.
    for_
        Let everything pass for a while: 10m, 2h. Left out, only the batch that halts it.
    """
    order = {"for_seconds": duration("--for", for_) // 1000}
    answer = await ask(cli, "POST", f"/api/v1/shards/{shard}/allow", order=order)
    halted = data(answer, Halted)
    cli.output.answer(msgspec.to_builtins(halted), f"Shard {halted.shard} may go on; it does within seconds.")
    return Exit.OK


async def ask(
    cli: Invocation, method: str, path: str, *, order: object = None, params: dict[str, str] | None = None,
    patience: float = SHORT_SECONDS,
) -> Answer:  # fmt: skip
    """One request to the workbench, repeated for so many seconds while the service is away."""
    async with Service(cli.settings) as service:
        return await insist(cli, lambda: service.manage(method, path, order=order, params=params or {}), patience)


def data(answer: Answer, shape: type[Any]) -> Any:
    """What an answer carries."""
    return Answer(answer.status, bytes(answer.decode(Data).data), answer.who).decode(shape)


def _sample(sample: dict[str, Any]) -> list[RenderableType]:
    head = Text(f"{_moment(sample['appended_at'])}  {sample['position']}", style="dim")
    head.append(f"  {printable(sample['name'] or '-')}  {sample['event_id']}", style="bold")
    if sample["redriven_at"]:
        head.append(f"  redriven {_moment(sample['redriven_at'])}", style="dim")
    parts: list[RenderableType] = [head, Text(printable(sample["reason"]), style="yellow")]
    if sample["readable"] is not None:
        text = orjson.dumps(sample["readable"], option=orjson.OPT_INDENT_2).decode()
        return [*parts, Text("\n".join(map(printable, text.splitlines())) + "\n")]
    packed = sample["hex"]
    lines = [packed[at : at + 2 * _HEX_COLUMNS] for at in range(0, len(packed), 2 * _HEX_COLUMNS)]
    if sample["size"] > len(packed) // 2:
        lines.append(f"... of {sample['size']:,} bytes")
    return [*parts, Text("\n".join(lines) + "\n")]


def _count(group: dict[str, Any]) -> str:
    redriven = group["redriven"]
    return f"{group['events']:,}" + (f" ({redriven:,} rows redriven)" if redriven else "")


def _moment(text: str) -> str:
    """2026-11-21T14:03:07.123Z -> 2026-11-21 14:03:07Z"""
    return printable(f"{text[:19].replace('T', ' ')}Z")
