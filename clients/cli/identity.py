"""`headrace identity`: which anonymous ids are whose, and an operator's word on it."""

from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from cyclopts import Parameter

from clients.cli.errors import Exit, No
from clients.cli.output import Invocation, printable, table
from clients.cli.question import ask, insist
from clients.cli.service import Service

Cli = Annotated[Invocation, Parameter(parse=False)]

_IDENTITIES = "/api/v1/identities"


class Data(msgspec.Struct):
    """Every answer."""

    data: dict[str, Any]


async def show_identity(client_id: str, /, *, cli: Cli) -> Exit:
    """Whose an anonymous id is, and who claimed it.

    headrace identity show c_9f2c41d0

    Parameters
    ----------
    client_id
        The anonymous id, as events carry it.
    """
    found = (await ask(cli, _IDENTITIES, {"client_id": client_id})).decode(Data).data
    rows = [["linked to", one["user_id"], _moment(one["since"]), one["event_id"]] for one in found["identities"]]
    if (decided := found["decision"]) is not None:
        rows.append(["decided", decided["user_id"] or "nobody", _moment(decided["decided_at"]), decided["key_id"]])
    rows += [["claimed for", one["user_id"], _moment(one["at"]), one["event_id"]] for one in found["claims"]]
    if not rows:
        raise No(f"Nothing links '{printable(client_id)}' to anybody.")
    cli.output.answer(found, table("", "user", "since", "by", rows=rows))
    return Exit.OK


async def show_user(user: str, /, *, cli: Cli) -> Exit:
    """What is known of a user: when seen, how many events, linked anonymous ids, traits.

    headrace identity user ada@example.com

    Parameters
    ----------
    user
        The user's id, as events carry it.
    """
    found = (await ask(cli, f"/api/v1/users/{quote(user, safe='')}", {})).decode(Data).data
    rows = [
        ["first seen", _moment(found["first_seen"])],
        ["last seen", _moment(found["last_seen"])],
        ["events", f"{found['events']:,}"],
        *(["anonymous id", client_id] for client_id in found["client_ids"]),
        *([f"trait {name}", msgspec.json.encode(value).decode()] for name, value in found["traits"].items()),
    ]
    cli.output.answer(found, table("", found["user_id"], rows=rows))
    return Exit.OK


async def link_identity(client_id: str, user: str, /, *, cli: Cli) -> Exit:
    """Say whose an anonymous id is, against every claim. Two known users are never joined.

    headrace identity link c_9f2c41d0 ada@example.com

    Parameters
    ----------
    client_id
        The anonymous id.
    user
        The user's id.
    """
    decided = await _decide(cli, "PUT", client_id, {"user_id": user})
    cli.output.answer(decided, f"{printable(client_id)} is {printable(user)}'s.")
    return Exit.OK


async def unlink_identity(client_id: str, /, *, cli: Cli) -> Exit:
    """Undo a link: the anonymous id is nobody's from now on, whatever is claimed, and its past its own again.

    headrace identity unlink c_9f2c41d0

    Parameters
    ----------
    client_id
        The anonymous id.
    """
    decided = await _decide(cli, "DELETE", client_id)
    cli.output.answer(decided, f"{printable(client_id)} is nobody's. To undo this: headrace identity link")
    return Exit.OK


async def _decide(cli: Invocation, method: str, client_id: str, order: object = None) -> dict[str, Any]:
    path = f"{_IDENTITIES}/{quote(client_id, safe='')}"
    async with Service(cli.settings) as service:
        return (await insist(cli, lambda: service.change(method, path, order=order))).decode(Data).data


def _moment(text: str) -> str:
    """2026-11-21T14:03:07.123Z -> 2026-11-21 14:03:07Z"""
    return f"{text[:19].replace('T', ' ')}Z"
