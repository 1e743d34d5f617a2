"""python -m deploy.supply.sbom TOOLS FOLDER: what is shipped, part by part, as CycloneDX documents.

One for the Python packages of the services, one for what of npm is in the web page, one for the tracker and the SDK.
TOOLS is the folder of cyclonedx-py. The same installation gives the same bytes.
"""

import json
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from deploy.supply import shipped

Document = dict[str, Any]
#: document -> folder of the npm package
NPM = {"page": "clients/web", "tracker": "clients/js"}


def narrowed(document: Document, wanted: Collection[str]) -> Document:
    """The document with these PyPI packages alone. Raises `ValueError` where one of them is not in it."""
    kept = [part for part in document["components"] if canonicalize_name(part["name"]) in wanted]
    if missing := set(wanted) - {canonicalize_name(part["name"]) for part in kept}:
        raise ValueError(f"not installed here: {', '.join(sorted(missing))}")
    known = {part["bom-ref"] for part in kept} | {document["metadata"]["component"]["bom-ref"]}
    edges = [
        {"ref": edge["ref"], "dependsOn": [ref for ref in edge.get("dependsOn", []) if ref in known]}
        for edge in document["dependencies"]
        if edge["ref"] in known
    ]
    return {**document, "components": kept, "dependencies": edges}


def still(document: Document) -> Document:
    """The document without what differs from run to run."""
    metadata = {name: value for name, value in document["metadata"].items() if name != "timestamp"}
    return {name: value for name, value in document.items() if name != "serialNumber"} | {"metadata": metadata}


def python(tools: Path) -> Document:
    """The Python packages, with their licences, of the environment that this runs in."""
    command = [str(tools / "cyclonedx-py"), "environment", "--pyproject", "pyproject.toml", "--mc-type", "application"]
    return narrowed(_answer([*command, "--output-reproducible", sys.executable], "."), shipped.packages())


def npm(folder: str) -> Document:
    """The npm packages that are built into something, as their lock has them."""
    return _answer(["npm", "sbom", "--sbom-format", "cyclonedx", "--omit", "dev", "--package-lock-only"], folder)


def _answer(command: list[str], folder: str) -> Document:
    document: Document = json.loads(subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, check=True).stdout)
    return still(document)


def main(tools: str, folder: str) -> None:
    """Write the documents."""
    documents = {"python": python(Path(tools))} | {name: npm(place) for name, place in NPM.items()}
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, document in documents.items():
        path = Path(folder) / f"{name}.cdx.json"
        path.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n")
        print(f"{path}: {len(document['components'])} packages")


if __name__ == "__main__":
    main(*sys.argv[1:])
