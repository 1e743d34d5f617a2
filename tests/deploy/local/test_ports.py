"""Which port each part gets."""

import socket
from collections.abc import Iterator

import pytest

from deploy.local.ports import HOST, Choice, PortTaken, choose, free_port, is_free


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_free_port_is_used_as_wanted() -> None:
    wanted = free_port()
    assert choose({"redis": wanted}, {}) == ({"redis": Choice(wanted, wanted)}, [])


def test_a_taken_port_is_replaced_and_said(taken: int) -> None:
    chosen, sentences = choose({"ingest_api": taken}, {})
    got = chosen["ingest_api"].got
    assert got != taken
    assert is_free(got)
    assert sentences == [f"port {taken} is taken; ingest_api listens on {got} instead"]


def test_a_taken_port_is_an_error_that_says_what_to_do_when_ports_are_strict(taken: int) -> None:
    with pytest.raises(PortTaken, match=rf"Port {taken}, wanted for origin, is taken\. Stop what listens there"):
        choose({"origin": taken}, {}, strict=True)


def test_zero_means_any_port_and_nothing_is_said() -> None:
    chosen, sentences = choose({"redis": 0, "origin": 0}, {}, strict=True)
    assert sentences == []
    assert is_free(chosen["redis"].got)
    assert chosen["redis"].got != chosen["origin"].got


def test_last_times_port_comes_first(taken: int) -> None:
    last = free_port()
    assert choose({"redis": taken}, {"redis": Choice(taken, last)}) == ({"redis": Choice(taken, last)}, [])
    assert choose({"redis": 0}, {"redis": Choice(0, last)}, strict=True)[0]["redis"].got == last


def test_last_times_port_is_forgotten_when_another_one_is_wanted() -> None:
    wanted, last = free_port(), free_port()
    chosen, _ = choose({"redis": wanted}, {"redis": Choice(6390, last)})
    assert chosen["redis"].got == wanted


def test_last_times_port_that_is_taken_by_now_gives_way_to_the_wanted_one(taken: int) -> None:
    wanted = free_port()
    assert choose({"redis": wanted}, {"redis": Choice(wanted, taken)})[0]["redis"].got == wanted


def test_two_parts_never_get_one_port() -> None:
    wanted = free_port()
    chosen, sentences = choose({"queries": wanted, "origin": wanted}, {})
    assert chosen["queries"].got == wanted
    assert chosen["origin"].got != wanted
    assert len(sentences) == 1


def test_a_port_that_several_processes_share_counts_as_taken() -> None:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((HOST, 0))
        listener.listen()
        assert not is_free(listener.getsockname()[1])
