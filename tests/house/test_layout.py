"""Where things stand: top-level entries, names of files, their length, and the tests that mirror them."""

import ast
from pathlib import PurePosixPath

from tests.house import tree

TOP_LEVEL = {
    *("pyproject.toml", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "requirements.lock"),
    *(".ci", ".gitignore", "ingest_api", "workers", "queries", "deploy", "clients", "docs", "tests"),
}
#: names of shelves: what is on them belongs to a file that is named for it
SHELVES = {"utils", "util", "common", "helpers", "helper", "misc", "manager", "base"}
SOURCES = {".py", ".lua", ".ts", ".tsx", ".js", ".mjs", ".css", ".sh"}
MAX_FILE, MAX_FUNCTION = 300, 50
#: shorter modules are read at a glance, or are tested with the module that uses them
NEEDS_A_TEST = 30

#: test files that mirror no single module: each covers its whole folder
OF_A_FOLDER = {
    "test_contract.py": "one suite that every sibling passes",
    "test_journey.py": "one path through all modules",
    "test_all.py": "one suite that every sibling passes",
}
#: modules without a test file of their own; an entry that is no longer needed fails
UNTESTED: dict[str, str] = {
    "clients/cli/top/flow.py": "shapes without behaviour: test_command.py asks for each",
    "ingest_api/__main__.py": "a process: the stack's tests start it",
    "ingest_api/dialect.py": "a contract without behaviour: dialects/test_contract.py holds every dialect to it",
    **{
        f"ingest_api/dialects/{name}.py": "its cases under dialects/cases/ are run by test_contract.py"
        for name in ("eventbunker", "hardal_db")
    },
    "ingest_api/native.py": "types alone: test_openapi.py holds answers and cases to them",
    "ingest_api/settings.py": "fields alone: test_docs.py reads each",
    "ingest_api/telemetry.py": "names alone: test_docs.py reads each",
    "queries/__main__.py": "a process: the stack's tests start it",
    "queries/pipeline/flow.py": "shapes without behaviour: test_pipeline.py asks for each",
    "queries/rejections/rejected.py": "shapes without behaviour: test_workbench.py asks for each",
    "queries/settings.py": "fields alone: test_docs.py reads each",
    "workers/settings.py": "fields alone: test_docs.py reads each",
    "workers/telemetry.py": "names alone: test_docs.py reads each",
}


def shelves(path: PurePosixPath) -> set[str]:
    return SHELVES & {*path.parts[:-1], path.name.split(".")[0]}


def missing_sources(test_files: list[str], sources: set[str]) -> list[str]:
    """Test files that mirror nothing. A folder of siblings, Lua and TypeScript may be mirrored too."""
    orphans = []
    for name in test_files:
        path = PurePosixPath(name)
        mirrored = PurePosixPath(*path.parts[1:-1], path.stem.removeprefix("test_"))
        mirrors = {f"{mirrored}.py", f"{mirrored}.lua", f"{mirrored}.ts", str(mirrored)}
        if path.name not in OF_A_FOLDER and not mirrors & sources:
            orphans.append(name)
    return orphans


def needless(excused: set[str], untested: set[str]) -> set[str]:
    """Exceptions that excuse nothing any more."""
    return excused - untested


def without_test(path: PurePosixPath) -> bool:
    return PurePosixPath("tests", path.parent, f"test_{path.name}") not in tree.files()


def modules() -> list[PurePosixPath]:
    """Modules long enough to need a test file of their own."""
    return [path for path in tree.python(*tree.PACKAGES) if len(tree.read(path).splitlines()) > NEEDS_A_TEST]


def test_only_known_entries_stand_at_the_top() -> None:
    assert {path.parts[0] for path in tree.files()} - TOP_LEVEL == set()


def test_no_file_or_folder_is_a_shelf() -> None:
    assert [str(path) for path in tree.files() if shelves(path)] == []
    assert shelves(PurePosixPath("workers/utils/x.py")) == {"utils"}
    assert shelves(PurePosixPath("workers/helpers.test.js")) == {"helpers"}
    assert not shelves(PurePosixPath("workers/database.py"))


def test_no_source_file_is_too_long() -> None:
    found = [path for path in tree.files() if path.suffix in SOURCES]
    lengths = {str(path): len(tree.read(path).splitlines()) for path in found}
    assert {name: length for name, length in lengths.items() if length > MAX_FILE} == {}
    assert max(lengths.values()) > 100, "nothing was measured"


def test_no_function_is_too_long() -> None:
    long = [
        f"{path}:{node.lineno} {node.name}"
        for path in tree.python()
        for node in ast.walk(tree.parse(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= MAX_FUNCTION
    ]
    assert long == []


def test_package_files_are_empty() -> None:
    found = {str(path) for path in tree.python() if path.name == "__init__.py" and tree.read(path).strip()}
    assert found == {"ingest_api/dialects/__init__.py"}


def test_every_module_says_first_what_it_is() -> None:
    silent = [str(path) for path in tree.python() if tree.read(path) and not ast.get_docstring(tree.parse(path))]
    assert silent == []


def test_every_test_file_mirrors_a_source() -> None:
    sources = {str(parent) for path in tree.files() for parent in (path, *path.parents)}
    tests = [str(path) for path in tree.python("tests") if path.name.startswith("test_")]
    mirrors = [name for name in tests if name.split("/")[1] in tree.PACKAGES]
    assert missing_sources(mirrors, sources) == []
    assert missing_sources(["tests/workers/test_gone.py"], sources) == ["tests/workers/test_gone.py"]


def test_every_module_has_its_test_file() -> None:
    untested = {str(path) for path in modules() if without_test(path)}
    assert untested - UNTESTED.keys() == set()
    assert needless(set(UNTESTED), untested) == set(), "these have tests now: take them out of UNTESTED"
    assert needless({"a"}, {"b"}) == {"a"}
