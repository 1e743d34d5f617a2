"""The npm package as it is built: size of the tracker, types, units in Node, what is in it and what is not."""

import gzip
import re
import shutil
import subprocess
from pathlib import Path

import orjson
import pytest

from ingest_api.tracker import BUILT
from tests.clients.js.program import EXAMPLES, PACKAGE, installed, node
from tests.house import tree

#: of the tracker, gzipped
MAX_BYTES = 4096
HERE = Path(__file__).parent
TYPES = HERE / "types"


def ran(*command: str, cwd: Path = PACKAGE) -> str:
    """What a tool of the package says; it must end well."""
    tool = [node(), *command]
    done = subprocess.run(tool, cwd=cwd, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def tool(path: str) -> str:
    """A tool that npm installed. Skips the test where it did not."""
    found = PACKAGE / "node_modules" / path
    if not found.exists():
        pytest.skip(f"{path} is not installed: `make assets` installs it")
    return str(found)


def test_the_tracker_is_at_most_four_kilobytes() -> None:
    if not BUILT.exists():
        pytest.skip("the tracker is not built: `make assets` builds it")
    script = BUILT.read_bytes()
    assert 1000 < len(gzip.compress(script, 9)) <= MAX_BYTES
    assert b"PULSE" in script


def test_the_tracker_names_no_host_and_evaluates_nothing() -> None:
    if not BUILT.exists():
        pytest.skip("the tracker is not built: `make assets` builds it")
    script = BUILT.read_text()
    assert re.findall(r"https?://[a-z0-9]", script) == []
    assert re.findall(r"\beval\b|new Function|document\.write|innerHTML|document\.cookie", script) == []


def test_the_units_hold_in_node(tmp_path: Path) -> None:
    units = [str(file) for file in sorted((HERE / "src").glob("*.test.ts"))]
    options = ("--bundle", "--platform=node", "--format=esm", "--out-extension:.js=.mjs", "--log-level=warning")
    ran(tool("esbuild/bin/esbuild"), *units, *options, f"--outdir={tmp_path}")
    said = ran("--test", str(tmp_path), cwd=tmp_path)
    passed = re.search(r"^# pass (\d+)$", said, re.MULTILINE)
    assert passed
    assert int(passed[1]) >= len(units) > 0


@pytest.mark.parametrize("module", ["NodeNext", "CommonJS"])
def test_right_events_compile_and_wrong_ones_do_not(tmp_path: Path, module: str) -> None:
    compiler = tool("typescript/bin/tsc")
    folder = installed(tmp_path)
    for file in TYPES.glob("*.ts"):
        (folder / file.name).write_text(file.read_text())
    kind = "module" if module == "NodeNext" else "commonjs"
    (folder / "package.json").write_text(f'{{"type":"{kind}"}}')
    options = {
        "strict": True,
        "noEmit": True,
        "target": "ES2022",
        "module": "NodeNext",
        "types": [],
        "lib": ["ES2022", "DOM"],
    }
    (folder / "tsconfig.json").write_bytes(orjson.dumps({"compilerOptions": options, "include": ["*.ts"]}))
    ran(compiler, "-p", str(folder), cwd=folder)


def test_the_package_says_what_it_is() -> None:
    package = orjson.loads((PACKAGE / "package.json").read_bytes())
    version = re.search(r"VERSION = '([^']+)'", (PACKAGE / "src" / "version.ts").read_text())
    assert version
    assert package["version"] == version[1]
    assert (package["name"], package["license"], package["engines"]) == ("@headrace/sdk", "MIT", {"node": ">=18"})
    assert "dependencies" not in package
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", pinned) for pinned in package["devDependencies"].values())
    named = re.findall(r'"(\./dist/[^"]+)"', (PACKAGE / "package.json").read_text())
    node()
    assert [path for path in named if not (PACKAGE / path).exists()] == []


def test_the_lock_names_no_registry() -> None:
    lock = (PACKAGE / "package-lock.json").read_text()
    assert "sha512-" in lock
    assert [line for line in lock.splitlines() if "resolved" in line] == []
    assert "omit-lockfile-registry-resolved=true" in (PACKAGE / ".npmrc").read_text()


def test_nothing_that_is_built_or_installed_is_in_git() -> None:
    mine = [str(path) for path in tree.files() if path.parts[:2] == ("clients", "js")]
    assert [path for path in mine if "/dist/" in path or "/node_modules/" in path] == []
    assert "clients/js/src/node/client.ts" in mine


def test_the_example_finds_the_package_under_the_document_s_name(tmp_path: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    node()
    example = tmp_path / "pulse"
    shutil.copytree(EXAMPLES, example, ignore=shutil.ignore_patterns("node_modules", "package-lock.json"))
    package = (example / "package.json").read_text().replace("file:../..", f"file:{PACKAGE}")
    (example / "package.json").write_text(package)
    command = [npm, "install", "--offline", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(command, cwd=example, capture_output=True, check=True, timeout=120)
    (example / "who.mjs").write_text("import { PulseClient } from '@pulse/sdk'; console.log(PulseClient.name)")
    assert ran("who.mjs", cwd=example) == "PulseClient\n"
