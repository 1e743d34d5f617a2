"""A page of arrivals and what is known already, brought together."""

from datetime import date

from workers.seen import Key, Known, Seen, admitted, folded_events, folded_properties, rows


def test_who_is_known_stays_and_the_new_come_in_their_order() -> None:
    known = [("a", "x"), ("b", "y"), ("", "")]
    assert admitted(known, [("a", "z"), ("a", "w"), ("b", "y"), ("c", "a")], 4) == {*known[:2], ("a", "w"), ("a", "z")}
    assert admitted(known, [("a", "w"), ("c", "b"), ("c", "a")], 9, 1) == {*known[:2], ("c", "a")}
    assert admitted(known, [("d", "d")], 1) == set(known[:2])


def test_what_has_no_place_is_added_up() -> None:
    one, other = Seen(2, 5, 9), Seen(3, 1, 7)
    assert folded_events({("a",): one, ("b",): other, ("c",): one}, {"a"}) == {("a",): one, ("",): Seen(5, 1, 9)}
    seen: dict[Key, Seen] = {("a", "p", "string"): one, ("a", "", ""): other}
    assert folded_properties([], seen) == seen


def test_a_day_begins_anew_and_what_was_counted_is_left_out() -> None:
    today, yesterday, until = date(2026, 11, 18), date(2026, 11, 17), 1000
    known: dict[Key, Known] = {
        ("same",): Known(today, 10, 1, 500),
        ("older",): Known(yesterday, 10, 1, 500),
        ("done",): Known(today, 10, 1, until),
    }
    seen: dict[Key, Seen] = {(name,): Seen(2, 50, 60) for name in ("same", "older", "done", "new")}
    assert rows(known, seen, today, until) == [
        ("same", today, 12, 1, 60, until),
        ("older", today, 2, 1, 60, until),
        ("new", today, 2, 50, 60, until),
    ]
