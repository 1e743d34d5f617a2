"""Keys: `hr_<kind>_<id>_<secret>`, a 160-bit secret and a checksum, stored only as a hash.

The form follows the reasoning that GitHub published for its tokens: a prefix that secret scanners recognise,
letters that a double click selects whole, and a checksum that tells a typing error without any look-up.
"""

import enum
import hashlib
import hmac
import secrets
import string
import zlib
from functools import lru_cache
from typing import Annotated, Protocol

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ingest_api.errors import Detail
from ingest_api.projects.project import Invalid, Rate

_LETTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_SECRET_LENGTH = 27  # 27 letters of 62 carry 160.7 bits
_CHECKSUM_LENGTH = 6  # 62 ** 6 > 2 ** 32
_MAX_LABEL = 200
_LATEST_MS = 253_402_300_799_999  # the end of the year 9999
#: compared with where there is no key, so that an unknown id takes as long as a wrong secret
_NOBODY = hashlib.sha256(b"").hexdigest()


class Kind(enum.StrEnum):
    """What a key may do. One key has one kind."""

    WRITE = "write"
    QUERY = "query"
    DELETE = "delete"
    ADMIN = "admin"
    #: reads what a page shows of its project without telling persons apart; what a share link carries
    SHARE = "share"


class Key(msgspec.Struct, frozen=True):
    """A key as it is stored. Times are Unix milliseconds; 0 means never."""

    id: str
    #: empty for an admin key: it belongs to the installation
    project: str
    kind: Kind
    digest: str
    created_at: int
    expires_at: int = 0
    revoked_at: int = 0
    label: str = ""
    #: events a minute; 0 is no limit
    rate: int = 0

    def active(self, now_ms: int) -> bool:
        """Whether the key opens anything at this moment."""
        return not self.revoked_at and (not self.expires_at or now_ms < self.expires_at)


class Stored(Protocol):
    """The record of a token: a key, or a session."""

    @property
    def digest(self) -> str:
        """Of the token, as `digest` makes it."""


class KeyChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What of a key may be changed. A field that is not given stays as it is."""

    label: Annotated[str, Meta(max_length=_MAX_LABEL)] | UnsetType = UNSET
    rate: Rate | UnsetType = UNSET
    #: Unix milliseconds; 0 is never
    expires_at: int | UnsetType = UNSET


def check(*, label: str, expires_at: int, rate: int) -> None:
    """Raises `Invalid` naming each field that no key can have."""
    wrong = []
    if len(label) > _MAX_LABEL or not label.isprintable():
        wrong.append(Detail("label", f"at most {_MAX_LABEL} printable characters"))
    if not 0 <= expires_at <= _LATEST_MS:
        wrong.append(Detail("expires_at", "a time from 1970 to the year 9999"))
    if not 0 <= rate <= 1_000_000_000:
        wrong.append(Detail("rate", "events a minute from 0, which is no limit, to 1000000000"))
    if wrong:
        raise Invalid.of(*wrong)


def make(
    kind: Kind, project: str, now_ms: int, *, label: str = "", expires_at: int = 0, rate: int = 0
) -> tuple[Key, str]:
    """A new key: the record to store and the token to show once."""
    key_id, token = mint(kind)
    key = Key(key_id, project, kind, digest(token), now_ms, expires_at=expires_at, label=label, rate=rate)
    return key, token


def mint(kind: str) -> tuple[str, str]:
    """A new id, and the token that carries it."""
    token_id = "".join(secrets.choice(_LETTERS) for _ in range(10))
    body = f"hr_{kind}_{token_id}_" + "".join(secrets.choice(_LETTERS) for _ in range(_SECRET_LENGTH))
    return token_id, body + _checksum(body)


def digest(token: str) -> str:
    """What is stored of a token. A random 160-bit secret needs no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def matches(token: str, stored: Stored | None) -> bool:
    """Whether the token is the one of this record, in the same time for every answer."""
    same = hmac.compare_digest(digest(token), stored.digest if stored else _NOBODY)
    return same and stored is not None


def key_id(token: str) -> str | None:
    """The id inside a well-formed token, or None: then no look-up is worth its cost."""
    parts = token.split("_")
    if len(parts) != 4 or parts[0] != "hr" or not token.isascii():
        return None
    body, checksum = token[:-_CHECKSUM_LENGTH], token[-_CHECKSUM_LENGTH:]
    return parts[2] if _checksum(body) == checksum else None


@lru_cache(maxsize=1024)  # clients send the same one over and over
def bearer(authorization: str) -> str:
    """The token of an Authorization header (RFC 6750), or an empty text."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _checksum(body: str) -> str:
    value, letters = zlib.crc32(body.encode()), ""
    for _ in range(_CHECKSUM_LENGTH):
        value, remainder = divmod(value, 62)
        letters = _LETTERS[remainder] + letters
    return letters
