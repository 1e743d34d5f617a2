"""Fields taken one by one."""

import orjson
import pytest

from ingest_api.rules.fields import Fields, NoObject, address, array


def test_what_is_taken_is_gone_and_the_rest_stays_as_it_was_sent() -> None:
    fields = Fields(b'{"a":"x","n":1.50,"o":{"k": [1]},"when":"2025-12-22T10:30:00Z"}')
    assert (fields.text("a"), fields.object("o"), fields.time("when")) == ("x", b'{"k": [1]}', 1_766_399_400_000)
    assert fields.rest() == b'{"n":1.50}'
    assert fields.wrong == []


def test_null_counts_as_left_out() -> None:
    fields = Fields(b'{"a":null,"o":null,"t":null,"x":null}')
    assert (fields.text("a"), fields.object("o"), fields.time("t"), fields.take("x")) == ("", b"{}", None, None)
    fields.text("b", required=True)
    assert [detail.message for detail in fields.wrong] == ["is required"]


def test_everything_wrong_is_gathered() -> None:
    fields = Fields(b'{"a":7,"b":"","o":[],"t":"soon"}')
    fields.text("a")
    fields.text("b", required=True)
    fields.object("o")
    fields.time("t")
    assert [detail.field for detail in fields.wrong] == ["a", "b", "o", "t"]
    assert fields.refusal() is not None


def test_an_inner_object_wins_over_a_field_of_the_same_name() -> None:
    fields = Fields(b'{"a":1,"b":2}')
    assert orjson.loads(fields.rest(b' { "a" : 3 } ')) == {"a": 3, "b": 2}
    assert fields.rest(b"{broken") == b"{broken"


@pytest.mark.parametrize(
    ("raw", "malformed"), [(b"[]", False), (b"7", False), (b"{", True), (b"", True), (b"[" * 9000, False)]
)
def test_what_is_no_object_is_told_from_what_is_no_json(raw: bytes, malformed: bool) -> None:
    with pytest.raises(NoObject) as refused:
        Fields(raw)
    assert refused.value.malformed is malformed


def test_an_array_gives_its_items_as_they_were_sent() -> None:
    assert [bytes(item) for item in array(b'[1, {"a": 2}]')] == [b"1", b'{"a": 2}']
    with pytest.raises(NoObject):
        array(b"{}")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("203.0.113.07", None),
        ("203.0.113.7:80", None),
        ("[2001:db8::1]", None),
        ("fe80::1%eth0", None),
        (" 203.0.113.7", None),
        ("", None),
    ],
)
def test_an_address_is_known_in_one_form(text: str, found: str | None) -> None:
    assert address(text) == found


def test_a_text_may_be_bounded() -> None:
    fields = Fields('{"a":"éé","b":"ééé"}'.encode())
    assert (fields.text("a", most=2), fields.wrong) == ("éé", [])
    fields.text("b", most=2)
    assert [detail.message for detail in fields.wrong] == ["must be at most 2 characters"]
