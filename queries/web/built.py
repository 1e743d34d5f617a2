"""Built: the page as its build left it, read once and packed once, in every form that a browser may take."""

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # it ships no types

#: where the build puts it; not there in a checkout that nobody built
FOLDER = Path(__file__).parent / "assets"
INDEX = "index.html"
#: the folder of the build whose files have a hash of their content in their name
_HASHED = "assets"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
#: packed already, or too small to gain
_PACKED = frozenset((".woff2", ".woff", ".png", ".jpg", ".webp", ".avif", ".gz", ".br"))
_SMALL = 512
#: as good as the best within a few percent, and many times faster
_BROTLI_QUALITY, _GZIP_LEVEL = 9, 9


@dataclass(frozen=True, slots=True)
class Asset:
    """`forms`: Content-Encoding -> bytes, the best first; `identity` is always among them."""

    kind: str
    tag: str
    forms: Mapping[str, bytes]

    def form(self, accepted: str) -> str:
        """The best encoding that this Accept-Encoding takes."""
        wishes = dict(_wishes(accepted))
        return next((name for name in self.forms if wishes.get(name, wishes.get("*", 0.0)) > 0), "identity")


def read(folder: Path = FOLDER) -> dict[str, Asset]:
    """By name: `index.html` and the hashed ones. Empty where the page was not built."""
    if not (folder / INDEX).is_file():
        return {}
    hashed = folder / _HASHED
    files = [folder / INDEX, *(sorted(hashed.iterdir()) if hashed.is_dir() else ())]
    return {
        file.name: _asset(file.suffix, file.read_bytes())
        for file in files
        if file.is_file() and _NAME.fullmatch(file.name)
    }


@cache  # of a process that makes several applications
def _asset(suffix: str, whole: bytes) -> Asset:
    forms = {}
    if suffix not in _PACKED and len(whole) >= _SMALL:
        forms["br"] = brotli.compress(whole, quality=_BROTLI_QUALITY)
        forms["gzip"] = gzip.compress(whole, _GZIP_LEVEL, mtime=0)
    kind = mimetypes.guess_type(f"x{suffix}", strict=False)[0] or "application/octet-stream"
    if kind.startswith("text/") or kind.endswith(("javascript", "json", "svg+xml")):
        kind += "; charset=utf-8"
    return Asset(kind, hashlib.sha256(whole).hexdigest()[:32], {**forms, "identity": whole})


def _wishes(accepted: str) -> Iterator[tuple[str, float]]:
    """Encoding and weight, of RFC 9110's Accept-Encoding."""
    for one in accepted.split(","):
        name, _, parameter = one.partition(";")
        weight = parameter.strip().lower().removeprefix("q=").strip()
        try:
            yield name.strip().lower(), float(weight) if weight else 1.0
        except ValueError:
            yield name.strip().lower(), 0.0
