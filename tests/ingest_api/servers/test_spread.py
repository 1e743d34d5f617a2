"""What a command and an answer tell of the server that they belong to."""

from typing import Any

import pytest
from redis.exceptions import AskError, ConnectionError, MovedError, ReadOnlyError, ResponseError  # noqa: A004  # redis's

from ingest_api.servers import primary
from ingest_api.servers.spread import Several, elsewhere, shard_of

#: redis-py 5 leaves them untyped
moved: Any = MovedError
on_its_way: Any = AskError


@pytest.mark.parametrize(
    ("command", "shard"),
    [
        (("GET", "{s07}:floor"), 7),
        (("GET", b"{s255}:floor"), 255),
        (("XINFO STREAM", "{s00}:frames"), 0),
        (("FCALL", "headrace_append", 2, "{s03}:frames", "{s03}:index", "x"), 3),
        (("EVAL_RO", "return 1", 1, "{s12}:frames"), 12),
        (("SET", "headrace:x", "{s01}:frames"), None),
        (("HSET", "headrace:x{s01}:", "a", 1), None),
        (("EVAL", "return 1", 0), None),
        (("PING",), None),
        (("INFO", "memory"), None),
    ],
)
def test_the_first_key_says_to_which_shard_a_command_belongs(command: tuple[Any, ...], shard: int | None) -> None:
    assert shard_of(command) == shard


@pytest.mark.parametrize(
    ("answer", "other"),
    [
        (moved("1 127.0.0.1:1"), True),
        (ResponseError("MOVED 1 127.0.0.1:1"), True),
        (ReadOnlyError("You can't write against a read only replica."), True),
        (ResponseError("READONLY You can't write against a read only replica."), True),
        (ResponseError("TRYAGAIN Multiple keys request during rehashing of slot"), False),
        (ResponseError("CLUSTERDOWN Hash slot not served"), False),
        (ConnectionError("MOVED 1 127.0.0.1:1"), False),
        (b"MOVED 1 127.0.0.1:1", False),
        (None, False),
    ],
)
def test_only_a_server_that_did_nothing_sends_to_another(answer: object, other: bool) -> None:  # a case
    assert elsewhere(answer) is other


def test_a_slot_on_its_way_is_taken_for_moved_by_nobody() -> None:
    assert issubclass(MovedError, AskError)
    assert not elsewhere(on_its_way("1 127.0.0.1:1"))


def test_shards_take_turns_on_several_servers() -> None:
    first, second = (primary.client({"host": "127.0.0.1", "port": port}, None) for port in (1, 2))
    spread = Several([first, second])
    assert [spread.of(shard) for shard in range(4)] == [first, second, first, second]
    assert (spread.kind, spread.servers) == ("2", [first, second])
