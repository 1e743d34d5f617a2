"""uap-core's own cases. No package carries them: HEADRACE_UAP_CORE names a checkout of github.com/ua-parser/uap-core.

They are those of October 2026, as the patterns; later cases may need later patterns.
"""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # it ships no types

from tests.workers.entries import batch, event
from workers.reference import Reference
from workers.steps.user_agent import READ_CHARS, user_agent

CHECKOUT = Path(os.environ.get("HEADRACE_UAP_CORE", "uap-core"))
if not CHECKOUT.is_dir():
    pytest.skip("HEADRACE_UAP_CORE names no checkout of uap-core", allow_module_level=True)


@pytest.mark.parametrize(("file", "column"), [("test_ua.yaml", "browser"), ("test_os.yaml", "os")])
def test_every_case_gives_the_name_and_the_version_that_it_must(file: str, column: str) -> None:
    known: list[dict[str, Any]] = yaml.safe_load((CHECKOUT / "tests" / file).read_text("utf-8"))["test_cases"]
    cases = [case for case in known if len(case["user_agent_string"]) <= READ_CHARS]
    one = batch([event(number, user_agent=case["user_agent_string"]) for number, case in enumerate(cases)])
    user_agent(one, Reference())
    names, versions = one.derived[column], one.derived[f"{column}_version"]
    wrong = [
        (case, name, version)
        for case, name, version in zip(cases, names, versions, strict=True)
        if name != ("" if case["family"] == "Other" else case["family"]) or version != _version(case)
    ]
    assert wrong == []
    assert len(cases) > 400


def _version(case: dict[str, Any]) -> str:
    major, minor = case["major"], case["minor"]
    return (f"{major}.{minor}" if major and minor else major or "")[:16]
