"""Documents of what is shipped."""

import copy
import json
from typing import Any

import pytest

from deploy.supply import sbom

DOCUMENT: dict[str, Any] = {
    "serialNumber": "urn:uuid:0",
    "metadata": {"timestamp": "now", "component": {"bom-ref": "root"}},
    "components": [{"name": name, "bom-ref": f"{name}==1"} for name in ("Py_Yaml", "redis", "pytest")],
    "dependencies": [
        {"ref": "root", "dependsOn": ["redis==1", "pytest==1"]},
        {"ref": "redis==1", "dependsOn": ["Py_Yaml==1", "pytest==1"]},
        {"ref": "pytest==1"},
        {"ref": "Py_Yaml==1"},
    ],
}


def test_tools_are_taken_out_with_all_that_leads_to_them() -> None:
    document = sbom.narrowed(copy.deepcopy(DOCUMENT), {"py-yaml", "redis"})
    assert "pytest" not in json.dumps(document)
    assert [part["name"] for part in document["components"]] == ["Py_Yaml", "redis"]
    assert document["dependencies"][:2] == [
        {"ref": "root", "dependsOn": ["redis==1"]},
        {"ref": "redis==1", "dependsOn": ["Py_Yaml==1"]},
    ]


def test_a_package_that_is_shipped_and_not_listed_is_an_error() -> None:
    with pytest.raises(ValueError, match="not installed here: gone"):
        sbom.narrowed(DOCUMENT, {"redis", "gone"})


def test_what_differs_from_run_to_run_is_left_out() -> None:
    assert sbom.still(DOCUMENT)["metadata"] == {"component": {"bom-ref": "root"}}
    assert "serialNumber" not in sbom.still(DOCUMENT)
    assert DOCUMENT["metadata"]["timestamp"] == "now", "the argument stays as it was"
