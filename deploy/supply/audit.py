"""python -m deploy.supply.audit TOOLS: known holes of everything locked, by pip-audit and npm audit.

Ends with 1 where a hole is known, and with 2 where somebody could not be asked: an audit that did not happen is no
good news. pip-audit calls packages that its source does not know skipped, and all well; here they are not audited.
"""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LOCKS = ("requirements.lock", "deploy/supply/tools.lock")
NPM = ("clients/web", "clients/js")
_SECONDS = 300


@dataclass
class Audit:
    """What one question brought."""

    of: str
    packages: int = 0
    holes: list[str] = field(default_factory=list)
    #: why there is no answer, or not a whole one
    silent: str = ""

    def __str__(self) -> str:
        if self.silent:
            return f"{self.of}: NOT AUDITED: {self.silent}"
        return f"{self.of}: {self.packages} packages, {len(self.holes) or 'no'} known holes"


def of_pip(lock: str, answer: str, said: str) -> Audit:
    """Read what `pip-audit --format json` wrote on stdout, and said on stderr."""
    document = _json(answer)
    if "dependencies" not in document:
        return Audit(lock, silent=_last(said))
    packages = document["dependencies"]
    skipped = [one["skip_reason"] for one in packages if one.get("skip_reason")]
    holes = [
        f"{one['name']} {one['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'nothing yet'}"
        for one in packages
        for hole in one.get("vulns", [])
    ]
    silent = f"{len(skipped)} of {len(packages)} packages were skipped, such as: {skipped[0]}" if skipped else ""
    return Audit(lock, len(packages), holes, silent)


def of_npm(folder: str, answer: str, said: str) -> Audit:
    """Read what `npm audit --json` wrote on stdout, and said on stderr."""
    document = _json(answer)
    if "vulnerabilities" not in document:
        return Audit(folder, silent=str(document.get("message") or _last(said)))
    holes = [f"{name} {hole['range']}: {hole['severity']}" for name, hole in document["vulnerabilities"].items()]
    return Audit(folder, int(document["metadata"]["dependencies"]["total"]), holes)


def _json(answer: str) -> dict[str, Any]:
    try:
        document = json.loads(answer)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _last(said: str) -> str:
    return next((line for line in reversed(said.splitlines()) if line.strip()), "no answer")


def _ask(command: list[str], folder: str = ".") -> tuple[str, str]:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return "", str(error)
    return done.stdout, done.stderr


def main(tools: str) -> int:
    """Ask, tell, and return the exit code."""
    asking = [str(Path(tools) / "pip-audit"), "--disable-pip", "--require-hashes", "--progress-spinner", "off"]
    found = [of_pip(lock, *_ask([*asking, "--format", "json", "-r", lock])) for lock in LOCKS]
    found += [of_npm(folder, *_ask(["npm", "audit", "--json", "--package-lock-only"], folder)) for folder in NPM]
    for one in found:
        print(one, *one.holes, sep="\n  ")
    return 1 if any(one.holes for one in found) else 2 if any(one.silent for one in found) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
