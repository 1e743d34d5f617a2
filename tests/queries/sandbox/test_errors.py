"""What the sandbox says no with."""

from queries.sandbox.errors import Unfit


def test_the_place_comes_first_where_there_is_one() -> None:
    assert Unfit("table", "There is no view x.", 2, 7).message == "Line 2, column 7: There is no view x."
    assert str(Unfit("table", "There is no view x.")) == "There is no view x."


def test_every_kind_has_the_letters_of_postgresql() -> None:
    assert Unfit("table", "").sqlstate == "42P01"
    assert Unfit("syntax", "").sqlstate == "42601"
    assert Unfit("function", "").sqlstate == "42883"
