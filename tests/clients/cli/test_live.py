"""A stream of events, however it is cut into pieces."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from clients.cli.live import Message, Stream

TEXT = (
    b"retry: 1000\nid: 5.0.0.1\n\n:\n\n"
    b'id: 6.0.0.0\nevent: event\ndata: {"a": "x: y"}\n\n'
    b':\nid: 7.0.0.0\n\nevent: dropped\ndata: {"error":"\xc3\xa9"}\n\n'
)
MESSAGES = [
    Message(id="5.0.0.1"),
    Message(),
    Message("event", '{"a": "x: y"}', "6.0.0.0"),
    Message(id="7.0.0.0"),
    Message("dropped", '{"error":"é"}'),
]


@given(st.sets(st.integers(1, len(TEXT) - 1)))
def test_pieces_of_any_size_make_the_same_messages(cuts: set[int]) -> None:
    stream, found = Stream(), list[Message]()
    edges = [0, *sorted(cuts), len(TEXT)]
    for start, end in itertools.pairwise(edges):
        found += stream.feed(TEXT[start:end])
    assert found == MESSAGES
    assert stream.heard


def test_what_is_not_complete_is_no_message() -> None:
    stream = Stream()
    assert not stream.heard
    assert list(stream.feed(b'id: 1\ndata: {"a')) == []
    assert stream.heard
