"""Programs of people who use the package: run by the system's Node, in a folder where the package is installed."""

import asyncio
import shutil
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[3] / "clients" / "js"
#: the document's snippets as it prints them
EXAMPLES = PACKAGE / "examples" / "pulse"
#: the package's own name, and the one that the document's examples import it by
_NAMES = ("@headrace/sdk", "@pulse/sdk")
_SECONDS = 60.0


def node() -> str:
    """The system's Node. Skips the test where there is none, or where the package is not built."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("Node is not installed")
    if not (PACKAGE / "dist" / "esm" / "index.js").exists():
        pytest.skip("the package is not built: `make assets` builds it")
    return found


def installed(folder: Path) -> Path:
    """A folder whose programs find the package, as `npm install` of a folder leaves it."""
    for name in _NAMES:
        link = folder / "node_modules" / name
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink():
            link.symlink_to(PACKAGE, target_is_directory=True)
    return folder


def printed(name: str, endpoint: str, key: str, site_id: str) -> str:
    """An example with this host, key and site in the place of the document's."""
    text = (EXAMPLES / name).read_text()
    for theirs, ours in (("https://your-api.example.com", endpoint), ("YOUR_API_KEY", key), ("site_abc123", site_id)):
        assert theirs in text
        text = text.replace(theirs, ours)
    return text


async def started(folder: Path, code: str, ending: str = "mjs") -> Process:
    """A program on its way: `mjs` is an ES module, `cjs` a CommonJS one."""
    file = installed(folder) / f"program.{ending}"
    file.write_text(code)
    return await asyncio.create_subprocess_exec(node(), str(file), cwd=folder, stdin=PIPE, stdout=PIPE, stderr=PIPE)


async def ran(folder: Path, code: str, ending: str = "mjs") -> str:
    """What a program says. It must end well, and complain of nothing."""
    process = await started(folder, code, ending)
    said, complained = await asyncio.wait_for(process.communicate(), _SECONDS)
    assert (process.returncode, complained.decode()) == (0, "")
    return said.decode()
