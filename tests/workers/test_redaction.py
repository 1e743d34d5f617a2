"""Properties that a project lists are removed or hashed, wherever they lie; everything else keeps its bytes."""

import re
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.redaction import PREFIX, Redaction, Unreadable

SECRET = b"s" * 32
_NAMES = st.sampled_from(["a", "b", "c", "a.b", "b.c", "é", 'a"', "a\\"])
_LEAVES = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=5)
_JSON = st.dictionaries(
    _NAMES,
    st.recursive(
        _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3), max_leaves=8
    ),
    max_size=4,
)
_PATHS = st.lists(_NAMES, min_size=1, max_size=3).map(".".join)


def of(drop: tuple[str, ...] = (), hashed: tuple[str, ...] = (), project: str = "demo") -> Redaction:
    """The redaction of a project with these lists."""
    return Redaction(project, drop, hashed, SECRET)


def told(redaction: Redaction, properties: dict[str, Any]) -> Any:
    """What becomes of properties."""
    return orjson.loads(redaction.properties(orjson.dumps(properties)))


def leaves(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Path and value of everything that is no object and no list, as ClickHouse names it."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from leaves(value, f"{path}.{name}" if path else name)
    elif isinstance(node, list):
        for value in node:
            yield from leaves(value, path)
    else:
        yield path, node


def within(path: str, listed: list[str]) -> bool:
    return any(path == one or path.startswith(f"{one}.") for one in listed)


@given(_JSON, st.lists(_PATHS, max_size=3), st.lists(_PATHS, max_size=3))
def test_whatever_lies_on_a_listed_path_is_gone_or_hashed_and_nothing_else_changes(
    properties: dict[str, Any], drop: list[str], hashed: list[str]
) -> None:
    redaction = of(tuple(drop), tuple(hashed))
    once = redaction.properties(orjson.dumps(properties))
    expected = [(path, value) for path, value in leaves(properties) if not within(path, drop)]
    found = list(leaves(orjson.loads(once)))
    assert [path for path, _ in found] == [path for path, _ in expected]
    for (path, before), (_, after) in zip(expected, found, strict=True):
        if within(path, hashed) and before not in (None, ""):
            assert re.fullmatch(r"hr1:[0-9a-f]{32}", after)
        else:
            assert after == before
    assert redaction.properties(once) == once


def test_a_path_goes_through_objects_lists_and_names_with_dots() -> None:
    properties = {
        "customer": {"email": "a", "plan": "pro"},
        "customer.email": "b",
        "items": [{"email": "c", "n": 1}, {"n": 2}],
        "email": "d",
    }
    assert told(of(("customer.email", "items.email")), properties) == {
        "customer": {"plan": "pro"},
        "items": [{"n": 1}, {"n": 2}],
        "email": "d",
    }


def test_below_a_listed_path_everything_is_listed() -> None:
    properties = {"customer": {"email": "a", "tags": ["x", "", None]}, "customer.age": 7, "n": 1}
    assert told(of(("customer",)), properties) == {"n": 1}
    found = told(of(hashed=("customer",)), properties)
    email, (first, *empty), age = found["customer"]["email"], found["customer"]["tags"], found["customer.age"]
    assert all(one.startswith(PREFIX) for one in (email, first, age))
    assert (empty, found["n"]) == (["", None], 1)
    assert told(of(("customer",), ("customer.age.x",)), {"customer.age": {"x": 1}}) == {}
    assert told(of(("customer.email",), ("customer",)), properties)["customer"] == {"tags": [first, "", None]}


def test_values_that_are_not_concerned_keep_their_bytes() -> None:
    raw = b'{"email":"a@b.example","n":12345678901234567890123,"f":1.10,"e":1E5,"o": { "k" : [1.0, 2.50] }}'
    kept = b',"n":12345678901234567890123,"f":1.10,"e":1E5,"o":{ "k" : [1.0, 2.50] }}'
    found = of(hashed=("email",)).properties(raw)
    assert re.fullmatch(rb'\{"email":"hr1:[0-9a-f]{32}"' + re.escape(kept), found)
    assert of(("none", "o.other")).properties(b'{"f": 1.10}') == b'{"f": 1.10}'
    assert of(("o.k",)).properties(b'{"f":1.10,"o":{"k":1,"f":1.50}}') == b'{"f":1.10,"o":{"f":1.50}}'


def test_a_hash_is_the_same_for_the_same_value_of_a_project_and_a_path_and_for_no_other() -> None:
    def hashed(value: Any, path: str = "email", project: str = "demo", secret: bytes = SECRET) -> str:
        redaction = Redaction(project, (), (path,), secret)
        found = orjson.loads(redaction.properties(orjson.dumps({path: value})))
        return str(found[path])

    known = hashed("a@b.example")
    assert known == hashed("a@b.example")
    others = [hashed("a@b.example", "mail"), hashed("a@b.example", project="shop"), hashed("A@b.example")]
    others.append(hashed("a@b.example", secret=b"t" * 32))
    assert len({known, *others}) == 5
    assert hashed("42") == hashed(42)
    assert told(of(hashed=("c.email",)), {"c": {"email": "x"}})["c"]["email"] == hashed("x", "c.email")


def test_what_is_hashed_already_stays_and_what_only_looks_like_it_does_not() -> None:
    redaction = of(hashed=("email",))
    once = redaction.properties(b'{"email":"a@b.example"}')
    assert redaction.properties(once) == once
    for pretender in ("hr1:", "hr1:" + "g" * 32, "hr1:" + "a" * 33, " hr1:" + "a" * 32):
        assert told(redaction, {"email": pretender})["email"] != pretender


@pytest.mark.parametrize(
    "raw",
    [
        b'{"\\u0065mail":"s3cret"}',
        b'{"email":"s3cret","email":null}',
        b'{"c":{"email":"s3cret"},"c":1}',
        b'{"c":{"\\u0065mail":"s3cret"}}',
        b' { "email" : "s3cret" } ',
    ],
)
def test_no_spelling_hides_a_value(raw: bytes) -> None:
    assert b"s3cret" not in of(("email", "c.email")).properties(raw)
    assert b"s3cret" not in of(hashed=("email", "c.email")).properties(raw)


@pytest.mark.parametrize("raw", [b'{"email":', b'["email"]', b'{"email":"\xff"}', b'{"email":' + b"[" * 200_000])
def test_properties_that_cannot_be_read_are_no_properties(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        of(hashed=("email",)).properties(raw)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://x/?email=a@b&n=1", "https://x/?email=&n=1"),
        ("https://x/?n=1&email=a;b?c#top", "https://x/?n=1&email=#top"),
        ("https://x/?%65mail=a&Email=b", "https://x/?%65mail=&Email="),
        ("https://x/#email=a&n=1", "https://x/#email=&n=1"),
        ("https://x/#/page?email=a", "https://x/#/page?email="),
        ("https://x/?next=/login?email=a&n=1", "https://x/?next=/login?email=&n=1"),
        ("https://x/?customer[mail]=a&customer.mail=b", "https://x/?customer[mail]=&customer.mail="),
        ("https://x/?email[]=a&email[0]=b", "https://x/?email[]=&email[0]="),
        ("https://x/?email=a\n", "https://x/?email="),
        ("https://x/email=a?email", "https://x/email=a?email"),
        ("https://x/p&email=a?n=1;email=b", "https://x/p&email=a?n=1;email="),
        ("?email=" * 2000, "?email="),
        ("", ""),
    ],
)
def test_listed_parameters_of_a_url_lose_their_values(url: str, kept: str) -> None:
    assert of(("email", "customer.mail")).address(url) == kept
    assert of(hashed=("email", "customer.mail")).address(url) == kept


@given(st.text(alphabet="?&;#=%65emailn/", max_size=40))
def test_a_url_is_cleared_once(url: str) -> None:
    once = of(("email",)).address(url)
    assert of(("email",)).address(once) == once
    assert not re.search(r"[?#](.*[?&;#])?email=[^&#]", once)
