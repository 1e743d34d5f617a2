"""CSV that no spreadsheet takes for formulas: a text that begins like one gets an apostrophe in front. Pure."""

import re
from collections.abc import AsyncGenerator

_QUOTES = re.compile(rb'"+')
_RISKY = re.compile(rb'"[=+\-@\t\r]')


async def disarmed(chunks: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """The same CSV, as ClickHouse writes it: it quotes every text and no number, so that numbers stay as they are."""
    inside, held = False, b""
    try:
        async for chunk in chunks:
            text = held + chunk
            ready = text.rstrip(b'"')  # whether a last quote opens, closes or doubles is told by what comes next
            held = text[len(ready) :]
            done, inside = _disarm(ready, inside=inside)
            yield done
        yield held
    finally:
        await chunks.aclose()


def _disarm(text: bytes, *, inside: bool) -> tuple[bytes, bool]:
    """`inside`: whether the text begins within quotes; and whether it ends so."""
    if not _RISKY.search(text):
        return text, inside ^ bool(text.count(b'"') & 1)
    parts, done = [], 0
    for found in _QUOTES.finditer(text):
        start, end = found.span()
        if not inside and end - start == 1 and _RISKY.match(text, start):
            parts += [text[done:end], b"'"]
            done = end
        inside ^= bool((end - start) & 1)
    return b"".join((*parts, text[done:])), inside
