"""JSON as producers write it, and nearly JSON: wrong in ways that a typed decode skims and only a strict one sees."""

import json

import msgspec
from hypothesis import strategies as st

_skim = msgspec.json.Decoder(msgspec.Raw).decode

#: values, right and wrong, each as it is written
SCALARS = st.sampled_from(
    [
        *("1", "-0", "29.99", "1e5", "true", "null", '""', '"text"', '"user_id"', '"caf\u00e9"'),
        *("1e999", "01", "1.", "-", "9223372036854775807", "9223372036854775808", "-9223372036854775809"),
        *("18446744073709551616", '"12345678901234567890"', '"\\ud800"', '"\\u00e9"', '"a\\"b"', '"\\x"'),
        *('"}{"', '"]["', '"}"', '"{"', f'"{"t" * 300}"', "[" * 40 + "]" * 40),
    ]
)
_NAMES = st.sampled_from(['"a"', '"b"', '"user_id"', '"}{"', '"a\\"b"', '"\\ud800"', f'"{"k" * 300}"', '"ip"'])


def skims(text: bytes) -> bool:
    """Whether a typed decode that does not look into it lets it pass."""
    try:
        _skim(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _objects(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.lists(st.tuples(_NAMES, inner), max_size=3)
    return pairs.map(lambda some: "{" + ",".join(f"{name}:{value}" for name, value in some) + "}")


def _arrays(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(inner, max_size=3).map(lambda some: f"[{','.join(some)}]")


#: an object, most often a right one
PROPERTIES = st.sampled_from(['{"plan":"pro"}', "{}", '{ "a": [1, {"b": 2}] }']) | _objects(
    st.recursive(SCALARS, lambda inner: _objects(inner) | _arrays(inner), max_leaves=6)
)
#: of these all that a typed decode skims
SKIMMED = PROPERTIES.filter(lambda text: skims(text.encode()))
TEXTS = st.sampled_from(["u_1", "\u00a0", "a\nb", "\u2028", "\x7f", "", "x" * 300, "caf\u00e9"]).map(json.dumps)
