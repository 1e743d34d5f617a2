"""What a share link is told: groups of people, and nobody by name."""

import pytest

from queries.entry import sharing
from queries.entry.sharing import Withheld
from queries.errors import Refused
from queries.questions import dimensions, filters
from queries.questions.dimensions import DIMENSIONS, PROPERTY, TIMES

#: what names a person, or holds whatever a producer puts there. A new dimension is decided here or in `sharing.SHARED`
OF_PERSONS = {"url", "title", "user_id", "client_id", "session_id", "visitor"}


def test_of_every_dimension_it_is_decided_whether_a_share_link_may_ask_for_it() -> None:
    assert DIMENSIONS.keys() == sharing.SHARED | OF_PERSONS
    assert not sharing.SHARED & OF_PERSONS


@pytest.mark.parametrize("name", sorted({*OF_PERSONS, "properties.email"}))
def test_a_share_link_cannot_ask_for_persons_in_any_place(name: str) -> None:
    asked = (
        ["is", name, ["ada"]],
        ["is_not", name, ["ada"]],
        ["and", [["is", "country", ["DE"]], ["not", ["contains", name, ["ada"]]]]],
        [["is", "country", ["DE"]], ["or", [["is_set", name]]]],
    )
    with sharing.narrowed(True):
        with pytest.raises(Withheld, match="share link"):
            dimensions.find(name, "group_by")
        for one in asked:
            with pytest.raises(Withheld):
                filters.parse(one)
    for one in asked:
        filters.parse(one)


@pytest.mark.parametrize("operator", ["has_done", "has_not_done"])
def test_a_share_link_cannot_follow_what_the_same_people_did(operator: str) -> None:
    one = ["and", [[operator, ["is", "page", ["/pricing"]]]]]
    with sharing.narrowed(True), pytest.raises(Withheld, match="follows persons"):
        filters.parse(one)
    filters.parse(one)


def test_a_share_link_asks_for_groups_and_is_told_of_a_name_that_is_none() -> None:
    with sharing.narrowed(True):
        for name in sharing.SHARED:
            assert dimensions.find(name, "x").name == name
        for name in TIMES:
            dimensions.find_or_time(name, "x")
        filters.parse(["is", "country", ["DE"]])
        with pytest.raises(Refused, match="is no dimension"):
            dimensions.find("contry", "x")


def test_what_is_narrow_ends_with_its_request() -> None:
    with sharing.narrowed(True):
        with sharing.narrowed(False):
            dimensions.find("user_id", "x")
        with pytest.raises(Withheld):
            dimensions.find("user_id", "x")
    assert dimensions.find("properties.a", "x").name == f"{PROPERTY}a"
    with pytest.raises(RuntimeError), sharing.narrowed(True):
        raise RuntimeError
    dimensions.find("user_id", "x")
