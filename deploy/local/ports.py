"""Which port each part listens on: last time's, else the wanted one, else a free one."""

import errno
import random
import socket
from collections.abc import Collection, Mapping

import msgspec

HOST = "127.0.0.1"
#: below the range that systems use for outgoing connections, which could take a port between choice and use
_FREE = range(20_000, 32_000)


class PortTaken(RuntimeError):
    """A wanted port belongs to somebody else, and another one is not allowed."""


class Choice(msgspec.Struct, frozen=True):
    """What a part wanted and what it got. Kept in the home, so that the next run listens on the same port."""

    wanted: int
    got: int


def choose(
    wanted: Mapping[str, int], last: Mapping[str, Choice], *, strict: bool = False
) -> tuple[dict[str, Choice], list[str]]:
    """A port for each part and a sentence for each one that did not get what it wanted.

    `last` counts only where the wish is still the same. Raises `PortTaken` when `strict` forbids another port.
    """
    chosen: dict[str, Choice] = {}
    sentences = []
    for name, wish in wanted.items():
        used = {choice.got for choice in chosen.values()}
        candidates = [wish] if wish else []
        before = last.get(name)
        if before and before.wanted == wish and not (strict and wish):
            candidates.insert(0, before.got)
        got = next((port for port in candidates if port not in used and is_free(port)), None)
        if got is None and strict and wish:
            raise PortTaken(
                f"Port {wish}, wanted for {name}, is taken. Stop what listens there, choose another port, "
                f"or unset HEADRACE_LOCAL_STRICT_PORTS to use any free one."
            )
        if got is None:
            got = free_port(used)
            if wish:
                sentences.append(f"port {wish} is taken; {name} listens on {got} instead")
        chosen[name] = Choice(wish, got)
    return chosen, sentences


def is_free(port: int) -> bool:
    """Whether this process could listen on the port now."""
    with socket.socket() as probe:
        # As servers do: connections of the last run that are still closing do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno in {errno.EADDRINUSE, errno.EACCES}:
                return False
            raise
    return True


def free_port(used: Collection[int] = ()) -> int:
    """A port that nobody listens on."""
    for port in random.sample(_FREE, len(_FREE)):
        if port not in used and is_free(port):
            return port
    raise PortTaken(f"No port from {_FREE.start} to {_FREE.stop - 1} is free.")
