"""What is taken as properties, and that nothing of it is rounded."""

import re

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_api.rules import properties
from ingest_api.rules.limits import Limits
from ingest_api.settings import Settings
from tests.ingest_api.json_texts import PROPERTIES, SKIMMED, skims

LIMITS = Limits.of(Settings())


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b'{"a":9223372036854775807}', b'{"a":9223372036854775807}'),
        (b'{"a":-9223372036854775808}', b'{"a":-9223372036854775808}'),
        (b'{"a":9223372036854775808}', b'{"a":"9223372036854775808"}'),
        (b'{"a":-9223372036854775809}', b'{"a":"-9223372036854775809"}'),
        (b'{"a":[{"b":12345678901234567890}],"c":1.5}', b'{"a":[{"b":"12345678901234567890"}],"c":1.5}'),
        (b'{"card":"12345678901234567890", "x": 1}', b'{"card":"12345678901234567890", "x": 1}'),
        (b'{"a": 1}', b'{"a": 1}'),
    ],
)  # fmt: skip
def test_an_integer_beyond_64_bits_is_kept_as_text_and_the_rest_untouched(sent: bytes, kept: bytes) -> None:
    assert properties.exact(sent) == kept


@pytest.mark.parametrize("offset", range(25))
def test_a_long_number_is_found_wherever_it_stands(offset: int) -> None:
    sent = b'{"%s":12345678901234567890}' % (b"k" * offset)
    assert properties.exact(sent) == b'{"%s":"12345678901234567890"}' % (b"k" * offset)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b'{"' + b"k" * 257 + b'":1}', "name longer than 256"),
        (b'{"a":{"' + b'\\"' * 257 + b'":1}}', "name longer than 256"),
        (orjson.dumps({"a": ["x" * 65_537]}), "text longer than 65536"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "nested deeper than 32"),
        (b'{"a":1e999}', "not valid JSON"),
    ],
)
def test_what_is_too_long_or_too_deep_is_named(sent: bytes, said: str) -> None:
    assert said in properties.problem(sent, LIMITS)


def test_what_is_just_short_enough_is_taken() -> None:
    sent = orjson.dumps({"k" * 256: "x" * 65_536, 'q"' * 128: ['"' * 300]})
    assert properties.problem(sent, LIMITS) == ""
    assert properties.problem(b'{"abcdefghijklmnopq":1}', msgspec.structs.replace(LIMITS, max_property_key_chars=16))


@pytest.mark.parametrize(
    ("sent", "named"),
    [(b'{"user_id":"u_1"}', "u_1"), (b'{"user_id":7}', ""), (b'{"a":{"user_id":"u_1"}}', ""), (b"{}", "")],
)
def test_a_text_user_id_names_the_user(sent: bytes, named: str) -> None:
    assert properties.user_id(sent) == named


#: brackets in texts and escaped quotes that would make a deep value look shallow, or a long text short
DECEPTIONS = [
    b'{"}":' * 40 + b"1" + b',"{":0}' * 40,
    b'{"a":' * 33 + b"{}" + b"}" * 33,
    b'{"a":' + b"[" * 40 + b"]" * 40 + b"}",
    b'{"a":"' + b'\\"' * 200 + b'"}',
    b'{"a":1,"' + b"k" * 257 + b'":1}',
    b'{"a":9223372036854775808}',
    b'{"a":18446744073709551616}',
    b'{"a":1e999}',
    b'{"a":[0,1E+400]}',
    b'{"a":0.2e00309}',
    b'{"a":"\xff"}',
]


@pytest.mark.parametrize("sent", DECEPTIONS)
def test_what_needs_a_closer_look_is_never_plain_whatever_stands_beside_it(sent: bytes) -> None:
    assert properties.problem(sent, LIMITS) or properties.exact(sent) != sent or b'\\"' in sent
    assert not properties.plain([b'{"plan":"pro"}', sent, b"{}"], LIMITS)


@pytest.mark.parametrize("sent", [rb'{"a":"\ud800"}', b'{"a":01}', b'{"a":1,}', b'{"a":nul}'])
def test_what_is_no_json_is_stopped_by_the_typed_decode_if_not_here(sent: bytes) -> None:
    assert properties.problem(sent, LIMITS)
    assert not skims(sent) or not properties.plain([sent], LIMITS)


@given(st.lists(SKIMMED.map(str.encode), min_size=1, max_size=5))
def test_what_is_plain_has_no_problem_and_stays_as_it_is(many: list[bytes]) -> None:
    narrow = msgspec.structs.replace(LIMITS, max_depth=4, max_property_text_chars=256)
    if properties.plain(many, narrow):
        assert [properties.problem(one, narrow) for one in many] == [""] * len(many)
        assert [properties.exact(one) for one in many] == many


def test_ordinary_properties_are_plain() -> None:
    ordinary = [orjson.dumps({"plan": "pro", "price": number, "experiment": {"n": [1]}}) for number in range(500)]
    assert properties.plain(ordinary, LIMITS)
    assert properties.plain([orjson.dumps({f"k{number}": "x" * 200 for number in range(50)})], LIMITS)


def test_a_text_that_looks_like_a_large_number_is_plain_once_it_was_read() -> None:
    assert properties.plain([b'{"id":"8e123f"}', b'{"b":1}'], LIMITS)


#: pieces that JSON is made of, and that it is spoilt by
PIECES = st.sampled_from([*(b'{}[]",:\\ \n\t\x00\x1f\x7f\xe9\xff.+-eEu0123456789/'), *b"truefalsn"]).map(
    lambda one: bytes((one,))
)


@given(PROPERTIES.map(str.encode), st.integers(0, 60), st.integers(0, 3), st.lists(PIECES, max_size=4).map(b"".join))
def test_a_typed_decode_lets_nothing_pass_but_other_bytes_than_utf_8_and_large_numbers(
    text: bytes, at: int, gone: int, put: bytes
) -> None:
    spoilt = text[: at % len(text)] + put + text[at % len(text) + gone :]
    if skims(spoilt) and not properties._is_json(spoilt):
        assert not properties._is_utf_8(spoilt) or re.search(rb"[0-9][eE][+]?[0-9]{3}|[0-9]{300}", spoilt)
