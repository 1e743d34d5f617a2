"""python -m deploy.supply.licences DOCUMENT...: the licence of everything shipped; ends with 1 where one may not be.

It reads the documents of `make sbom`. Every licence that a package names must be allowed here, also where it offers a
choice: what is refused by mistake is looked at once, and what is let in by mistake stays.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

#: they ask for their text and a name, at most (MPL) for changes of their own files
ALLOWED = frozenset(
    {
        *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MPL-2.0", "PSF-2.0"),
        *("Python-2.0", "Unlicense", "Zlib"),
    }
)
#: in words, where a package has no SPDX identifier
WORDS = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
#: packages whose metadata says nothing, or too little: read by hand in the LICENSE that they bring
READ = {"crawler-user-agents": "MIT", "lz4": "BSD-3-Clause", "requests-oauthlib": "ISC"}


def named(component: dict[str, Any]) -> str:
    """What a component of a document says of its licence; empty when it says nothing."""
    said = {_one(each) for each in component.get("licenses", [])}
    return READ.get(component["name"]) or " AND ".join(sorted(said - {""}))


def problem(licence: str) -> str:
    """Why this cannot be shipped; empty when it can."""
    if not licence:
        return "no licence is named"
    wrong = sorted({word for word in re.findall(r"[^\s()]+", licence) if word not in ALLOWED | {"AND", "OR"}})
    return f"not allowed: {' '.join(wrong)}" if wrong else ""


def _one(said: dict[str, Any]) -> str:
    if "expression" in said:
        expression = str(said["expression"])
        return f"({expression})" if " OR " in expression else expression
    licence = said["license"]
    name = str(licence.get("id") or licence.get("name") or "")
    return WORDS.get(name, name)


def main(documents: list[str]) -> int:
    """Print the list. Returns the exit code."""
    if not documents:
        sys.exit("Name the documents that `make sbom` wrote.")
    found = [part for path in documents for part in json.loads(Path(path).read_text())["components"]]
    wrong = []
    for part in sorted(found, key=lambda one: str(one["name"]).lower()):
        licence, name = named(part), f"{part['name']} {part['version']}"
        print(f"{name:<40} {licence}")
        if why := problem(licence):
            wrong.append(f"{name}: {why}")
    print(f"{len(found)} packages, {len(wrong)} that may not be shipped")
    print("\n".join(wrong), file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
