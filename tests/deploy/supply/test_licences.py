"""Licences of what is shipped."""

import json
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import pytest

from deploy.supply import licences, shipped


@pytest.mark.parametrize(
    ("said", "licence"),
    [
        ([{"license": {"id": "MIT"}}], "MIT"),
        ([{"license": {"id": "MIT"}}, {"license": {"name": "License :: OSI Approved :: MIT License"}}], "MIT"),
        ([{"expression": "MIT OR GPL-3.0-only"}, {"license": {"id": "ISC"}}], "(MIT OR GPL-3.0-only) AND ISC"),
        ([{"license": {"name": "Ask the author"}}], "Ask the author"),
        ([{"license": {}}], ""),
        ([], ""),
    ],
)
def test_a_package_has_the_licences_that_it_names(said: list[dict[str, Any]], licence: str) -> None:
    assert licences.named({"name": "one", "licenses": said}) == licence


@pytest.mark.parametrize("licence", ["MIT", "(MPL-2.0 AND (Apache-2.0 OR MIT))", "BSD-3-Clause AND 0BSD"])
def test_these_may_be_shipped(licence: str) -> None:
    assert licences.problem(licence) == ""


@pytest.mark.parametrize(
    "licence", ["GPL-3.0-only", "AGPL-3.0-or-later", "MIT OR GPL-2.0", "Ask the author", "", "NOASSERTION"]
)
def test_these_may_not(licence: str) -> None:
    assert licences.problem(licence)


def test_one_package_that_may_not_be_shipped_fails_the_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parts = [
        {"name": "good", "version": "1", "licenses": [{"license": {"id": "MIT"}}]},
        {"name": "bad", "version": "2"},
    ]
    for count, code in ((1, 0), (2, 1)):
        document = tmp_path / f"{count}.cdx.json"
        document.write_text(json.dumps({"components": parts[:count]}))
        assert licences.main([str(document)]) == code
    assert capsys.readouterr().err.strip() == "bad 2: no licence is named"


def test_no_document_is_no_list() -> None:
    with pytest.raises(SystemExit):
        licences.main([])


def test_what_was_read_by_hand_is_still_shipped_and_brings_its_licence() -> None:
    for name in licences.READ:
        assert name in shipped.packages()
        assert metadata(name).get_all("License-File"), f"{name} brings no LICENSE any more: read it again"
