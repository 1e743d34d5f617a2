"""What is forgotten: the compiled tombstones against a naive look at every one of them."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ingest_api.event import Event
from ingest_api.projects import tombstones
from ingest_api.projects.tombstones import Tombstone
from tests.workers.entries import event
from workers.batch import Position, Rejected, set_aside
from workers.forgotten import Forgotten, forgotten

SECRET = b"s" * 32
PROJECTS, PEOPLE, NAMES = ("a", "b"), ("", "ada", "bob"), ("buy", "look")
TIMES = st.integers(0, 6)


class Meant(msgspec.Struct):
    """A tombstone in words."""

    project: str
    made_at: int
    users: list[str]
    clients: list[str]
    linked: list[str]
    numbers: list[int]
    time: tuple[int, int, str] | None

    def stone(self) -> Tombstone:
        ids = [number.to_bytes(16, "big") for number in self.numbers]
        stone = tombstones.stone(
            SECRET, self.project, self.made_at, users=self.users, clients=self.clients, events=ids[:1], time=self.time
        )
        marks = tombstones.marks(tombstones.key(SECRET, self.project, "event"), ids[1:])
        linked = tombstones.marks(
            tombstones.key(SECRET, self.project, "client"), (client.encode() for client in self.linked)
        )
        return msgspec.structs.replace(stone, found=marks, linked=linked)

    def means(self, one: Event) -> bool:
        """As a person would say it."""
        before = one.occurred_at <= self.made_at or one.received_at <= self.made_at
        somebody = (
            (one.user_id and one.user_id in self.users)
            or (one.client_id and one.client_id in self.clients)
            or (one.client_id and one.client_id in self.linked and not one.user_id)
        )
        return one.project == self.project and bool(
            (before and somebody)
            or int.from_bytes(one.event_id, "big") in self.numbers
            or (self.time and self.time[0] <= one.occurred_at < self.time[1] and self.time[2] in {"", one.name})
        )


people = st.lists(st.sampled_from(PEOPLE[1:]), max_size=2)
meanings = st.builds(
    Meant,
    project=st.sampled_from(PROJECTS),
    made_at=TIMES,
    users=people,
    clients=people,
    linked=people,
    numbers=st.lists(st.integers(0, 5), max_size=3),
    time=st.none() | st.tuples(TIMES, TIMES, st.sampled_from(("", *NAMES))),
)
events = st.builds(
    event,
    st.integers(0, 9),
    project=st.sampled_from(PROJECTS),
    name=st.sampled_from(NAMES),
    user_id=st.sampled_from(PEOPLE),
    client_id=st.sampled_from(PEOPLE),
    occurred_at=TIMES,
    received_at=TIMES,
)


@given(st.lists(meanings, max_size=4), st.lists(events, max_size=8))
def test_an_event_is_forgotten_when_any_tombstone_means_it(meant: list[Meant], some: list[Event]) -> None:
    expected = [any(one.means(event) for one in meant) for event in some]
    known = Forgotten([one.stone() for one in meant], SECRET)
    assert (known.hits(some) or [False] * len(some)) == expected
    for one, hit in zip(some, expected, strict=True):
        assert known.rejected(set_aside(one, Position(1, 0, 0), "why")) == hit


def test_a_tombstone_of_another_installation_means_nobody() -> None:
    stone = tombstones.stone(b"another", "demo", 9, users=["ada"])
    assert Forgotten([stone], SECRET).hits([event(1, user_id="ada", occurred_at=1)]) == []


def test_where_only_the_id_of_a_rejected_event_can_be_read_it_is_told_by_that() -> None:
    bad = Rejected(Position(1, 0, 0), "event: bad", b"\x93\xc4", "demo", event_id=(7).to_bytes(16, "big"))
    unknown = Rejected(Position(1, 0, 1), "event: bad", b"\x93\xc4", "demo")
    known = Forgotten([tombstones.stone(SECRET, "demo", 9, events=[bad.event_id])], SECRET)
    assert (known.rejected(bad), known.rejected(unknown)) == (True, False)
    assert (known.readable(bad.raw), known.readable(msgspec.msgpack.encode(event(1)))) == (False, True)


def test_the_same_tombstones_are_compiled_once() -> None:
    stones = (tombstones.stone(SECRET, "demo", 9, users=["ada"]),)
    assert forgotten(stones, SECRET) is forgotten(tuple(stones), SECRET)
    assert forgotten((), SECRET).hits([event(1)]) == []
