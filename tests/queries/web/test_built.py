"""The built page, read and packed."""

import gzip
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # it ships no types
import pytest

from queries.web import built

SCRIPT = b"console.log('headrace');\n" * 200


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a build leaves."""
    files = {
        "index.html": b"<!doctype html>",
        "assets/main-a1_B-2.js": SCRIPT,
        "assets/mark-c3.svg": b"<svg/>" * 200,
        "assets/font-d4.woff2": bytes(range(256)) * 4,
        "assets/.hidden": b"x",
        "assets/deeper/x.js": b"x",
        ".vite/manifest.json": b"{}",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return tmp_path


def test_the_index_and_the_hashed_files_are_read_and_nothing_else(folder: Path) -> None:
    found = built.read(folder)
    assert {name: asset.kind for name, asset in found.items()} == {
        "index.html": "text/html; charset=utf-8",
        "main-a1_B-2.js": "text/javascript; charset=utf-8",
        "mark-c3.svg": "image/svg+xml; charset=utf-8",
        "font-d4.woff2": "font/woff2",
    }
    assert len({asset.tag for asset in found.values()}) == 4


def test_where_nothing_was_built_there_is_nothing(tmp_path: Path) -> None:
    assert built.read(tmp_path) == {}
    assert built.read(tmp_path / "nowhere") == {}


def test_every_form_holds_the_same_bytes(folder: Path) -> None:
    forms = built.read(folder)["main-a1_B-2.js"].forms
    assert (brotli.decompress(forms["br"]), gzip.decompress(forms["gzip"]), forms["identity"]) == (SCRIPT,) * 3
    assert len(forms["br"]) < len(SCRIPT) // 10


def test_what_is_small_or_packed_already_is_sent_as_it_is(folder: Path) -> None:
    found = built.read(folder)
    assert [list(found[name].forms) for name in ("index.html", "font-d4.woff2")] == [["identity"]] * 2


@pytest.mark.parametrize(
    ("accepted", "form"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("GZIP;q=0.5", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0.0, gzip;q=0", "identity"),
        ("*", "br"),
        ("*;q=0", "identity"),
        ("br;q=0, *", "gzip"),
        ("", "identity"),
        ("identity", "identity"),
        ("brotli;q=x,,;", "identity"),
        ("br;q=nan", "identity"),
    ],
)
def test_a_browser_gets_the_best_form_that_it_takes(folder: Path, accepted: str, form: str) -> None:
    assert built.read(folder)["main-a1_B-2.js"].form(accepted) == form
