"""Documents that are saved."""

import msgspec
import pytest

from ingest_api.projects.project import Invalid
from ingest_api.projects.saved import MAX_BYTES, NAME, Document, by_project, written


def test_a_shelf_is_read_by_project_and_name() -> None:
    one = Document("{}", 1, 2)
    raw = msgspec.json.encode(one)
    assert by_project({b"b\0x": raw, b"a\0y": raw, b"a\0x": raw}) == {"a": {"x": one, "y": one}, "b": {"x": one}}


def test_what_is_too_large_is_not_saved() -> None:
    assert written({"a": 1}) == '{"a":1}'
    assert len(written({"a": "x" * (MAX_BYTES - 8)})) == MAX_BYTES
    with pytest.raises(Invalid, match=f"{MAX_BYTES + 1} bytes"):
        written({"a": "x" * (MAX_BYTES - 7)})


@pytest.mark.parametrize(("name", "good"), [("a", True), ("Top-10_v1.2", True), ("x" * 127, True), ("", False),
                                            ("x" * 128, False), (".", False), ("..", False), ("-x", False),
                                            ("a/b", False), ("a b", False), ("a\n", False), ("ä", False)])  # fmt: skip
def test_a_name_can_stand_in_a_path(name: str, good: bool) -> None:
    assert bool(NAME.fullmatch(name)) is good
