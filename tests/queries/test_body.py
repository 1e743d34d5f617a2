"""Bodies of orders: what is taken, and what is said of the rest."""

from typing import Any

import msgspec
import pytest

from queries import body
from queries.errors import Refused
from queries.management import KeyToRotate, ProjectToMake
from queries.projects.schemas import SchemaToSet


def refusal(raw: bytes) -> Refused:
    with pytest.raises(Refused) as refused:
        body.read(raw, ProjectToMake)
    assert refused.value.status == 400
    return refused.value


def test_a_body_becomes_what_the_route_asks_for() -> None:
    assert body.read(b'{"id":"shop","past_days":3}', ProjectToMake) == ProjectToMake(id="shop", past_days=3)


@pytest.mark.parametrize("raw", [b"", b"  \n", b"{}"])
def test_an_empty_body_stands_for_an_empty_order(raw: bytes) -> None:
    assert body.read(raw, KeyToRotate) == KeyToRotate()


@pytest.mark.parametrize("raw", [b"{", b"nonsense", b'{"id":"a"} x', b'{"id":"\xff"}', b"{'id':1}"])
def test_what_is_not_json_is_refused(raw: bytes) -> None:
    assert refusal(raw).message.startswith("The body is not JSON: ")


@pytest.mark.parametrize("raw", [b"[]", b"1", b"null", b'"id"'])
def test_what_is_no_object_is_refused(raw: bytes) -> None:
    assert "Expected `object`" in refusal(raw).message


def test_what_is_nested_too_deep_is_refused() -> None:
    for name in (b"x", b"id", b"site_ids"):
        raw = b'{"' + name + b'":' + b"[" * 10_000 + b"]" * 10_000 + b"}"
        assert "too deep" in refusal(raw).message


def test_missing_unknown_and_wrong_fields_are_all_named() -> None:
    details = refusal(b'{"ip":"all","new":1,"site_ids":["a",2],"past_days":-1}').details
    told = {detail.field: detail.message for detail in details}
    assert sorted(told) == ["id", "ip", "new", "past_days", "site_ids[1]"]
    assert told["id"] == "is required"
    assert told["new"].startswith("is not known here; known: ")
    assert told["past_days"] == "expected int >= 0"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "application/json"},
        {"Content-Type": 'Application/JSON; charset="UTF-8"'},
        {"Content-Type": "application/x-www-form-urlencoded"},
    ],
    ids=str,
)
def test_json_in_utf_8_is_taken(headers: dict[str, str]) -> None:
    body.check_headers(headers)


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Encoding": "gzip"},
    ],
    ids=str,
)
def test_other_types_charsets_and_packings_are_not(headers: dict[str, str]) -> None:
    with pytest.raises(Refused) as refused:
        body.check_headers(headers)
    assert refused.value.status == 415


def test_a_detail_is_found_in_every_field_of_every_order() -> None:
    for kind in (ProjectToMake, KeyToRotate):
        given: dict[str, Any] = {field.encode_name: {} for field in msgspec.structs.fields(kind)}
        with pytest.raises(Refused) as refused:
            body.read(msgspec.json.encode(given), kind)
        assert {detail.field for detail in refused.value.details} == set(given)


def test_a_body_that_is_nested_too_deep_is_said_to_be_so() -> None:
    with pytest.raises(Refused, match="nested too deep"):
        body.read(b'{"schema":' + b'{"not":' * 20_000 + b"1" + b"}" * 20_001, SchemaToSet)
