"""Keys: their form, their checksum, their life."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_api.projects import keys
from ingest_api.projects.keys import Kind
from ingest_api.projects.project import Invalid


@pytest.mark.parametrize("kind", list(Kind))
def test_a_token_names_its_kind_and_carries_its_id(kind: Kind) -> None:
    key, token = keys.make(kind, "demo", 1)
    assert token.startswith(f"hr_{kind}_{key.id}_")
    assert keys.key_id(token) == key.id


def test_only_a_hash_of_the_token_is_kept() -> None:
    key, token = keys.make(Kind.WRITE, "demo", 1)
    assert token.rsplit("_", 1)[1] not in repr(key)
    assert key.digest == keys.digest(token)


@given(st.data())
def test_a_typing_error_is_noticed_without_a_look_up(data: st.DataObject) -> None:
    _, token = keys.make(Kind.WRITE, "demo", 1)
    position = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.characters().filter(lambda letter: letter != token[position]))
    assert keys.key_id(token[:position] + letter + token[position + 1 :]) is None


@given(st.text())
def test_a_text_that_is_no_key_has_no_id(text: str) -> None:
    assert keys.key_id(text) is None


@pytest.mark.parametrize(
    ("header", "token"),
    [("Bearer abc", "abc"), ("bearer  abc ", "abc"), ("", ""), ("Bearer", ""), ("Basic abc", ""), ("abc", "")],
)
def test_a_token_is_read_from_a_bearer_header_and_from_no_other(header: str, token: str) -> None:
    assert keys.bearer(header) == token


def test_a_key_opens_until_it_expires_or_is_revoked() -> None:
    key, _ = keys.make(Kind.QUERY, "demo", 1000, expires_at=2000)
    assert key.active(1999)
    assert not key.active(2000)
    revoked = keys.Key(key.id, "demo", Kind.QUERY, key.digest, 1000, revoked_at=1500)
    assert not revoked.active(1400)


def test_a_token_matches_its_own_key_and_no_other() -> None:
    key, token = keys.make(Kind.WRITE, "demo", 1)
    _, other = keys.make(Kind.WRITE, "demo", 1)
    assert keys.matches(token, key)
    assert not keys.matches(other, key)
    assert not keys.matches(token, None)
    assert not keys.matches("", None), "the digest that stands in for no key opens nothing"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"label": "x" * 201}, ["label"]),
        ({"label": "a\x00"}, ["label"]),
        ({"rate": 10**9 + 1, "expires_at": 10**15}, ["expires_at", "rate"]),
    ],
)
def test_fields_that_no_key_can_have_are_named(fields: dict[str, Any], named: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        keys.check(**{"label": "", "rate": 0, "expires_at": 0, **fields})
    assert [detail.field for detail in refused.value.details] == named
