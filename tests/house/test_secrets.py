"""Nothing secret, and nothing of one machine, stands in the repository; settings that hold a secret are hidden."""

import re
from collections.abc import Iterator
from urllib.parse import unquote

import pytest
from pydantic import Field
from pydantic_settings import BaseSettings

from ingest_api.confidential import Confidential, hidden
from ingest_api.projects import keys
from tests.house import test_docs, tree

#: what tokens and keys look like, made so by whoever issues them; split here, so that this file is no finding
SECRETS = {
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE" r" KEY-----\s+[A-Za-z0-9+/]{40}",
    "a key of AWS": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a token of GitHub": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,})",
    "a token of GitLab": r"\bglpat-[A-Za-z0-9_-]{20}",
    "a token of npm or PyPI": r"\b(?:npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,})",
    "a token or webhook of Slack": r"\bxox[abprs]-[0-9A-Za-z-]{20,}|hooks\.slack\.com/services/T[0-9A-Z]{8,}",
    "a key of Google": r"\bAIza[0-9A-Za-z_-]{35}",
    "a key of Stripe": r"\b[sr]k_live_[0-9A-Za-z]{20,}",
    "a signed token (JWT)": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}",
}
MACHINE = {
    "the host of a registry": r"\bregistry\.[a-z]+\.(?:org|com|io)\b|\bfiles\.python\w+\.org\b|\.org/[s]imple\b",
    "an index": r"--(?:extra-)?index-url[ =]\S|^\s*(?:extra-)?index-url\s*=|^registry\s*=|\"resolved\": ",
    "a folder of somebody's machine": r"(?<![\w.}>*-])/(?:(?:home|Users)/[a-z][\w.-]*|root|work)/",
}
#: user and password of a URL, where the password is long enough to be one
_PASSWORD = re.compile(r"://[^\s/:@'\"`{}<>$]*:(?P<password>[^\s/@'\"`{}<>$]+)@")
#: digits among letters, and so many of both: a machine made it
_RANDOM = re.compile(r"(?=.*\d.*\d)(?=.*[A-Za-z].*[A-Za-z])[A-Za-z0-9+/_=.-]{16,}")
_TOKEN = re.compile(r"\bhr_[a-z]+_[0-9A-Za-z]{10}_[0-9A-Za-z]{33}\b")
#: hidden settings are those that may hold one of these
_TELLING = re.compile(r"(^|_)(password|secret|token|mail)($|_)|(redis|clickhouse)_url$|_key$")
#: named so, and no secret: the path of a file
NO_SECRET = {"psql_tls_key"}


def texts() -> Iterator[tuple[str, str]]:
    """Every text file of the repository but hashes of locks, which are random by nature."""
    for path in tree.files():
        if path.suffix == ".lock" or path.name == "package-lock.json":
            yield str(path), re.sub(r"sha256:[0-9a-f]{64}|sha512-[A-Za-z0-9+/=]+", "", tree.read(path))
            continue
        try:
            yield str(path), tree.read(path)
        except UnicodeDecodeError:
            continue


def secrets(text: str) -> list[str]:
    """What in a text looks like a secret: what it is, never itself."""
    found = [name for name, pattern in SECRETS.items() if re.search(pattern, text)]
    found += ["a password in a URL" for one in _PASSWORD.finditer(text) if _RANDOM.fullmatch(unquote(one["password"]))]
    return found + ["a key of Headrace" for one in _TOKEN.finditer(text) if keys.key_id(one[0])]


def of_a_machine(text: str) -> list[str]:
    """What in a text holds on one machine alone."""
    return [name for name, pattern in MACHINE.items() if re.search(pattern, text, flags=re.MULTILINE)]


def shown(settings: type[BaseSettings]) -> set[str]:
    """Fields whose names tell of a secret and that are not hidden."""
    return {name for name in settings.model_fields if _TELLING.search(name)} - {*hidden(settings), *NO_SECRET}


def test_no_secret_stands_in_the_repository() -> None:
    read = dict(texts())
    assert {name: found for name, text in read.items() if (found := secrets(text))} == {}
    assert len(read) > 500, "few files were read"


def test_nothing_of_one_machine_stands_in_the_repository() -> None:
    assert {name: found for name, text in texts() if (found := of_a_machine(text))} == {}


@pytest.mark.parametrize(
    "text",
    [
        "AKIA" + "ABCDEFGH12345678",
        "ghp_" + "a1B2" * 9,
        "-----BEGIN RSA PRIVATE" + " KEY-----\n" + "MIIEow" * 8,
        "redis://:" + "f3a9c2d87b1e4f60" + "@redis:6379/0",
        "http://user:" + "S3cr3t%2FS3cr3t%2Fx9" + "@ch/",
        f"a={keys.mint('write')[1]};",
        f'"{keys.mint("session")[1]}"',
    ],
    ids=["cloud key", "hub token", "private key", "redis url", "escaped password", "write key", "session"],
)
def test_a_secret_is_seen(text: str) -> None:
    assert len(secrets(f"before {text} after")) == 1


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://shop:$HEADRACE_QUERY_KEY@host/events",
        "redis://:password@host:6379/0",
        "http://headrace:clickhouse-of-the-tests@127.0.0.1/",
        "hr_write_0123456789_" + "a" * 33,
        "hr_query_...",
    ],
)
def test_an_example_is_no_secret(text: str) -> None:
    assert secrets(text) == []


@pytest.mark.parametrize(
    "parts",  # in two, so that this file is no finding
    [
        ('"resolved"', ': "x"'),
        ("--index-url", " https://x"),
        ("see /home", "/ann/headrace/x"),
        ("cd /root", "/x"),
        ("https://registry.", "shop.org/x"),
        ("registry", "=https://x"),
    ],
)
def test_what_is_of_a_machine_is_seen(parts: tuple[str, str]) -> None:
    assert len(of_a_machine("".join(parts))) == 1
    assert sum(map(len, map(of_a_machine, parts))) == 0


def test_every_setting_that_may_hold_a_secret_is_hidden_and_may_come_from_a_file() -> None:
    assert {one.__module__: names for one in test_docs.SETTINGS if (names := shown(one))} == {}
    holders = [one for one in test_docs.SETTINGS if hidden(one)]
    assert [one.__module__ for one in holders if not issubclass(one, Confidential)] == []
    assert len(holders) >= 4


def test_a_setting_that_shows_a_secret_is_seen() -> None:
    class Careless(Confidential):
        smtp_password: str = ""
        redis_url: str = ""
        write_key: str = Field("", repr=False)
        shards: int = 1

    assert shown(Careless) == {"smtp_password", "redis_url"}
