"""An answer that is sent while it is made, in place of a JSON document. Leaf, no I/O."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Streamed:
    """`chunks` is closed when the client goes: whoever makes them stops what stands behind them."""

    content_type: str
    chunks: AsyncGenerator[bytes, None]
    #: what a browser saves it as; shown in the page when empty
    filename: str = ""
    #: beside those that every answer has, or in place of them
    headers: Mapping[str, str] = field(default_factory=dict)
    #: a client that takes nothing for so many seconds is cut off
    patience: float = 60.0
