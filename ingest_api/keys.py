"""Keys: `hr_<kind>_<id>_<secret>`, a 160-bit secret and a checksum, stored only as a hash.

The form follows the reasoning that GitHub published for its tokens: a prefix that secret scanners recognise,
letters that a double click selects whole, and a checksum that tells a typing error without any look-up.
"""

import enum
import hashlib
import secrets
import string
import zlib

import msgspec

_LETTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_SECRET_LENGTH = 27  # 27 letters of 62 carry 160.7 bits
_CHECKSUM_LENGTH = 6  # 62 ** 6 > 2 ** 32


class Kind(enum.StrEnum):
    """What a key may do. One key has one kind."""

    WRITE = "write"
    QUERY = "query"
    DELETE = "delete"
    ADMIN = "admin"


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


def make(kind: Kind, project: str, now_ms: int, *, label: str = "", expires_at: int = 0) -> tuple[Key, str]:
    """A new key: the record to store and the token to show once."""
    key_id = "".join(secrets.choice(_LETTERS) for _ in range(10))
    body = f"hr_{kind}_{key_id}_" + "".join(secrets.choice(_LETTERS) for _ in range(_SECRET_LENGTH))
    token = body + _checksum(body)
    return Key(key_id, project, kind, digest(token), now_ms, expires_at=expires_at, label=label), token


def digest(token: str) -> str:
    """What is stored of a token. A random 160-bit secret needs no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def key_id(token: str) -> str | None:
    """The id inside a well-formed token, or None: then no look-up is worth its cost."""
    parts = token.split("_")
    if len(parts) != 4 or parts[0] != "hr" or not token.isascii():
        return None
    body, checksum = token[:-_CHECKSUM_LENGTH], token[-_CHECKSUM_LENGTH:]
    return parts[2] if _checksum(body) == checksum else None


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
