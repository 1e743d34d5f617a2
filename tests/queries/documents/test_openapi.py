"""The document: valid OpenAPI 3.1, complete, and its examples are taken by the types they are examples of."""

import re
from typing import Any

import msgspec
import orjson
import pytest
from jsonschema_rs import Draft202012Validator
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from ingest_api import dialects
from ingest_api import openapi as front_door
from queries.documents import openapi
from queries.route import Route
from queries.routes import ROUTES

DOCUMENT = openapi.document(ROUTES)


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path, operation)
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    ]


def references(part: object) -> set[str]:
    return set(re.findall(r'"\$ref":"#/components/([^"]+)"', orjson.dumps(part).decode()))


def test_it_is_openapi_3_1() -> None:
    assert [error.message for error in OPENAPI_31_VALIDATOR.iter_errors(DOCUMENT)] == []
    assert list(OPENAPI_31_VALIDATOR.iter_errors({**DOCUMENT, "paths": []}))


def test_every_route_of_both_services_is_in_it() -> None:
    served = {(route.method, route.path) for route in ROUTES}
    served |= {("POST", path) for dialect in dialects.load() for path in dialect.routes}
    served |= {("GET", "/openapi.json"), ("GET", "/reference")}
    assert {(method, path) for method, path, _ in operations()} == served


def test_every_name_in_it_leads_somewhere_and_every_type_is_named() -> None:
    components = DOCUMENT["components"]
    there = {f"{group}/{name}" for group in ("schemas", "headers") for name in components[group]}
    assert references(DOCUMENT) == there
    asked = {name for _, _, operation in operations() for one in operation["security"] for name in one}
    assert asked == set(components["securitySchemes"])


def test_operations_have_names_of_their_own() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(set(names)) == len(names)


def test_variables_of_a_path_are_described() -> None:
    for _, path, operation in operations():
        described = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"}
        assert described == set(re.findall(r"{(\w+)}", path))


@pytest.mark.parametrize("route", [route for route in ROUTES if route.request], ids=lambda route: route.name)
def test_the_example_of_an_order_is_right(route: Route) -> None:
    assert route.request is not None
    example = openapi.EXAMPLES[route.name]
    msgspec.convert(example, route.request)
    schema = {**front_door.schema(route.request), "components": DOCUMENT["components"]}
    assert Draft202012Validator(schema).is_valid(example)
    assert not Draft202012Validator(schema).is_valid({**example, "unknown": 1})


def test_an_answer_that_is_no_error_is_told_from_one_that_is() -> None:
    schema = {"$ref": "#/components/schemas/Error", "components": DOCUMENT["components"]}
    assert Draft202012Validator(schema).is_valid({"success": False, "error": "Why.", "status": 400})
    assert not Draft202012Validator(schema).is_valid({"success": True, "error": "Why.", "status": 400})
