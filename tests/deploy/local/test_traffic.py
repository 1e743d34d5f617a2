"""Demo traffic is deterministic and looks like people."""

from collections import Counter
from urllib.parse import urlsplit

from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.local.traffic import SPAN_MS, acts

_NOW = 1_763_700_000_000


def test_equal_seeds_give_equal_acts_and_others_do_not_share_a_key() -> None:
    assert acts(7, 300, _NOW) == acts(7, 300, _NOW)
    keys = {act.key for act in acts(7, 300, _NOW)}
    assert keys.isdisjoint(act.key for act in acts(8, 300, _NOW))


@given(seed=st.integers(0, 2**40), count=st.integers(0, 400))
@settings(max_examples=25, deadline=None)
def test_there_are_as_many_acts_as_asked_for_each_with_its_own_key_within_the_day(seed: int, count: int) -> None:
    made = acts(seed, count, _NOW)
    assert len(made) == count
    assert len({act.key for act in made}) == count
    assert all(_NOW - SPAN_MS <= act.occurred_at < _NOW for act in made)
    assert made == sorted(made, key=lambda act: act.occurred_at)


def test_people_do_many_things_on_pages_that_are_not_equally_popular() -> None:
    made = acts(1, 2_000, _NOW)
    names = Counter(act.name for act in made)
    assert set(names) == {"page_view", "click", "error", "form_submit", "user_login", "user_signup", "purchase"}
    pages = Counter(urlsplit(act.url).path for act in made if act.name == "page_view").most_common()
    assert pages[0][1] > 4 * pages[-1][1]
    assert len({act.user_id for act in made}) > 20
    assert len({act.device_type for act in made}) == 3
    assert any("utm_source=" in act.url for act in made)


def test_a_visitor_is_unknown_until_the_login() -> None:
    sessions: dict[str, list[str]] = {}
    for act in acts(3, 2_000, _NOW):
        if act.name in {"user_login", "user_signup"}:
            assert act.user_id
        sessions.setdefault(act.session_id, []).append(act.user_id)
    for users in sessions.values():
        assert users == sorted(users)  # "" before the id


def test_an_order_adds_up() -> None:
    orders = [act.properties for act in acts(5, 2_000, _NOW) if act.name == "purchase"]
    assert orders
    for order in orders:
        items = order["items"]
        assert isinstance(items, list)
        assert order["total"] == round(sum(item["price"] * item["quantity"] for item in items), 2)
