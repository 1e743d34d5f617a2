"""python -m deploy.local: the local stack, all parts as real processes on this machine."""

import asyncio
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import App, Parameter
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from deploy.local import background, foreground, links, logs, show, status
from deploy.local.home import Home, HomeTaken
from deploy.local.part import StartFailed
from deploy.local.ports import PortTaken
from deploy.local.settings import Settings, variable

cli = App(name="deploy.local", help=__doc__)
console = Console(highlight=False, soft_wrap=True)

HomePath = Annotated[Path, Parameter(name="--home", help="folder with data, logs and keys")]
_HOME = Path(".headrace")


@cli.command
def run(*, home: HomePath = _HOME) -> int:
    """Start the stack, send demo traffic through it, keep running until Ctrl-C."""
    place, settings = _open(home)

    async def present(env: Mapping[str, str]) -> None:
        await show.demo(console, env, settings.demo_events)
        _say(links.text(env, place.demo_env))
        _say("Ctrl-C stops the stack; the data stays.")

    asyncio.run(foreground.serve(place, settings, _say, present))
    _say("stopped")
    return 0


@cli.command
def up(*, home: HomePath = _HOME) -> int:
    """Start the stack in the background and return when it is ready."""
    place, _ = _open(home)
    if not background.up(place, _say):
        return 1
    _say(links.text(place.read_demo_env(), place.demo_env))
    return 0


@cli.command
def down(*, home: HomePath = _HOME) -> int:
    """Stop the stack; the data stays."""
    place, began = Home(home.absolute()), time.monotonic()
    if background.down(place):
        _say(f"stopped in {time.monotonic() - began:.1f} s; the data stays in {place.path}")
    else:
        _say(f"Nothing runs in {place.path}.")
    return 0


@cli.command(name="status")
def show_status(*, home: HomePath = _HOME, json: bool = False) -> int:
    """Each part and each shard, asked now. The exit code is 0 when all are healthy."""
    found = asyncio.run(status.ask(*_open(home)))
    if json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(found)).decode() + "\n")
    else:
        console.print(status.render(found))
    return 0 if found.healthy else 1


@cli.command(name="logs")
def show_logs(*, home: HomePath = _HOME, follow: bool = True) -> int:
    """The logs of all parts, each line with the name of its part."""
    folder = Home(home.absolute()).logs
    for name, line in logs.read(folder, follow=follow):
        console.print(f"[cyan]{name:<12}[/] {escape(line)}")
    return 0


@cli.command(show=False)
def supervise(*, home: HomePath = _HOME) -> int:
    """What `up` starts: the stack without demo traffic, until SIGTERM."""

    async def nothing(_env: Mapping[str, str]) -> None:
        _say("ready")

    asyncio.run(foreground.serve(*_open(home), _say, nothing))
    _say("stopped")
    return 0


def _open(home: Path) -> tuple[Home, Settings]:
    return Home(home.absolute()), Settings()


def _say(text: str) -> None:
    console.print(text, markup=False)


def main() -> int:
    """Run a command; what a user can mend is said without a traceback."""
    try:
        return int(cli(result_action="return_value") or 0)
    except (HomeTaken, PortTaken, StartFailed) as error:
        _say(str(error))
        return 1
    except ValidationError as error:
        for each in error.errors():
            _say(f"{variable(str(each['loc'][0]))}: {each['msg']} (it is {each['input']!r})")
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
