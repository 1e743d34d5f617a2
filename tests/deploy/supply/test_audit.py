"""Audits, read from what pip-audit 2.10 and npm 11 write."""

import json
import subprocess
import sys
from pathlib import Path

from deploy.supply.audit import of_npm, of_pip

SOUND = {"name": "aiohttp", "version": "3.14.5", "vulns": []}
SKIPPED = {"name": "arq", "skip_reason": "Dependency not found on PyPI and could not be audited: arq (0.28.0)"}


def test_an_audit_without_a_find_tells_how_many_were_looked_at() -> None:
    audit = of_pip("lock", json.dumps({"dependencies": [SOUND], "fixes": []}), "No known vulnerabilities found")
    assert str(audit) == "lock: 1 packages, no known holes"


def test_a_hole_is_told_with_what_mends_it() -> None:
    hole = {"id": "PYSEC-2026-1", "fix_versions": ["3.14.6"], "aliases": [], "description": "long"}
    answer = json.dumps({"dependencies": [{**SOUND, "vulns": [hole, {**hole, "fix_versions": []}]}]})
    audit = of_pip("lock", answer, "Found 2 known vulnerabilities in 1 package")
    assert audit.holes == [
        "aiohttp 3.14.5: PYSEC-2026-1, mended in 3.14.6",
        "aiohttp 3.14.5: PYSEC-2026-1, mended in nothing yet",
    ]


def test_packages_that_the_source_does_not_know_are_not_audited() -> None:
    audit = of_pip("lock", json.dumps({"dependencies": [SOUND, SKIPPED]}), "No known vulnerabilities found")
    assert str(audit).startswith("lock: NOT AUDITED: 1 of 2 packages were skipped, such as: Dependency not found")


def test_no_answer_is_not_taken_for_a_good_one() -> None:
    assert "NOT AUDITED: cannot connect" in str(of_pip("lock", "", "Traceback\ncannot connect\n"))
    assert "NOT AUDITED: 405 Method Not Allowed" in str(of_npm("web", '{"message": "405 Method Not Allowed"}', ""))
    assert "NOT AUDITED: no answer" in str(of_npm("web", "[]", "\n"))


def test_npm_s_holes_are_told_with_their_weight() -> None:
    holes = {"vite": {"range": "<=8.3.7", "severity": "high"}}
    document = {"vulnerabilities": holes, "metadata": {"dependencies": {"total": 42}}}
    audit = of_npm("web", json.dumps(document), "")
    assert (audit.packages, audit.holes, audit.silent) == (42, ["vite <=8.3.7: high"], "")


def test_an_audit_that_cannot_ask_fails(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "deploy.supply.audit", str(tmp_path)]
    done = subprocess.run(command, env={"PATH": ""}, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.count("NOT AUDITED"), done.stderr) == (2, 4, "")
