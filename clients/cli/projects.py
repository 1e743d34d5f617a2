"""`headrace project`: the operator's way to projects, straight to Redis."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from clients.cli.errors import Exit, WrongUsage
from clients.cli.installation import opened
from clients.cli.lifetime import moment
from clients.cli.output import Invocation, table
from ingest_api.projects.project import Ip
from ingest_api.projects.projects import Projects, Settings

Cli = Annotated[Invocation, Parameter(parse=False)]


#: an option that may be repeated -> the setting that it lists
_FIELDS = {"origin": "origins", "hash_property": "hash_properties", "drop_property": "drop_properties"}


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What may be set.

    Parameters
    ----------
    public_writes
        Take events of its sites without a key.
    public_rate
        Events a minute that its sites may send without a key; 0 is no limit.
    origin
        A page that browsers may send from, https://shop.example or https://*.shop.example; may be repeated and
        replaces those before. --any-origin takes them all away.
    past_days
        Refuse events that occurred longer ago; 0 leaves it to the form of the event.
    retention_days
        Delete stored events after this; 0 keeps them.
    ip
        What is kept of a client's address.
    cookieless
        Give an id of the day to visitors who name neither client nor user.
    hash_property
        A property of which only a hash is stored, email or customer.email; may be repeated and replaces those before.
        --hash-nothing takes them all away.
    drop_property
        A property that is not stored; the same. --drop-nothing takes them all away.
    do_not_track
        Keep nothing that tells a visitor apart who asks for it with DNT or Sec-GPC.
    """

    public_writes: bool | None = None
    public_rate: int | None = None
    origin: Annotated[tuple[str, ...] | None, Parameter(negative="--any-origin")] = None
    past_days: int | None = None
    retention_days: int | None = None
    ip: Ip | None = None
    cookieless: bool | None = None
    hash_property: Annotated[tuple[str, ...] | None, Parameter(negative="--hash-nothing")] = None
    drop_property: Annotated[tuple[str, ...] | None, Parameter(negative="--drop-nothing")] = None
    do_not_track: bool | None = None


async def create_project(
    project: str, /, *, site: Annotated[list[str] | None, Parameter(negative=())] = None, cli: Cli
) -> Exit:
    """Make a project.

    headrace project create shop --site shop-web --site shop-app

    Parameters
    ----------
    project
        Its id: 1-63 of a-z, 0-9, '-' and '_'.
    site
        A public site id that the project owns; may be repeated.
    """
    async with opened(cli) as redis:
        made = await Projects(redis).create(project, tuple(site or ()))
    cli.output.note(f"Give it a key next: headrace key create {made.id} --kind write")
    cli.output.answer(msgspec.to_builtins(made), f"Project {made.id} is made.")
    return Exit.OK


async def set_project(
    project: str, /, *, changes: Annotated[Changes | None, Parameter(name="*")] = None, cli: Cli
) -> Exit:
    """Change settings of a project; what is not named stays. Every process knows within seconds.

    headrace project set shop --public-writes --origin https://shop.example --retention-days 365

    Parameters
    ----------
    project
        Its id.
    """
    named = {} if changes is None else asdict(changes)
    given: dict[str, Any] = {_FIELDS.get(name, name): value for name, value in named.items() if value is not None}
    if not given:
        raise WrongUsage("Nothing to change is named. `headrace project set --help` shows what there is.")
    async with opened(cli) as redis:
        changed = await Projects(redis).update(project, Settings(**given))
    cli.output.answer(msgspec.to_builtins(changed), f"Project {changed.id} is changed.")
    return Exit.OK


async def list_projects(*, cli: Cli) -> Exit:
    """All projects with their site ids."""
    async with opened(cli) as redis:
        found = await Projects(redis).all()
    rows = [[project.id, ", ".join(project.site_ids), moment(project.created_at)] for project in found]
    shown = table("project", "sites", "made", rows=rows) if rows else "There is no project yet."
    cli.output.answer({"projects": msgspec.to_builtins(found)}, shown)
    return Exit.OK
