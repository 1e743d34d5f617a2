"""Server-sent events, read piece by piece as they come. Leaf, no I/O."""

from collections.abc import Iterator

import msgspec


class Message(msgspec.Struct, frozen=True):
    """One block of a stream: what kind it is of, its data, and the id to go on from."""

    event: str = ""
    data: str = ""
    id: str = ""


class Stream:
    """Takes a stream in pieces of any size."""

    def __init__(self) -> None:
        self._rest = b""
        #: whether anything came at all
        self.heard = False

    def feed(self, piece: bytes) -> Iterator[Message]:
        """The blocks that this piece completes."""
        self.heard = self.heard or bool(piece)
        *blocks, self._rest = (self._rest + piece).split(b"\n\n")
        for block in blocks:
            fields = (line.partition(": ") for line in block.decode(errors="replace").split("\n"))
            yield Message(**{name: value for name, _, value in fields if name in Message.__struct_fields__})
