"""Who may send statements: one user and password, told in any of the three ways of ClickHouse's HTTP interface."""

import hmac
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field

from deploy.local.clickhouse.exceptions import Code, StatementError, refused


@dataclass(frozen=True, slots=True)
class Access:
    """The one account of this endpoint."""

    user: str
    password: str = field(repr=False)

    def check(self, headers: Mapping[str, str], fields: Mapping[str, str]) -> None:
        """Raise AUTHENTICATION_FAILED unless headers or URL fields name the user with the right password."""
        user, password = _credentials(headers, fields)
        # Both are always compared, so that the time tells nothing of which one was wrong.
        same_user, same_password = _same(user, self.user), _same(password, self.password)
        if not (same_user and same_password):
            raise _denied(f"{user}: Authentication failed: password is incorrect, or there is no user with such name")


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(errors="surrogateescape"), expected.encode())


def _credentials(headers: Mapping[str, str], fields: Mapping[str, str]) -> tuple[str, str]:
    in_headers = "X-ClickHouse-User" in headers or "X-ClickHouse-Key" in headers
    in_fields = "user" in fields or "password" in fields
    if in_headers + in_fields + ("Authorization" in headers) > 1:
        raise _denied("Invalid authentication: it is not allowed to give a user and password in two ways at once")
    if in_headers:
        return headers.get("X-ClickHouse-User", "default"), headers.get("X-ClickHouse-Key", "")
    if "Authorization" in headers:
        return _basic(headers["Authorization"])
    return fields.get("user", "default"), fields.get("password", "")


def _basic(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    try:
        user, colon, password = b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:
        scheme = colon = ""
    if scheme.lower() != "basic" or not colon:
        raise _denied("Invalid authentication: the Authorization header is not a Basic one")
    return user, password


def _denied(sentence: str) -> StatementError:
    return refused(Code.AUTHENTICATION_FAILED, sentence)
