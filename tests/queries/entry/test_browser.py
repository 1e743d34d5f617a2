"""What a request says of the page that sent it."""

import pytest

from queries.entry.browser import COOKIE, Browser, browser
from queries.errors import Refused

OWN = "http://events.example:8000"


def of(**headers: str) -> Browser:
    """A request over plain HTTP with these headers; `_` stands for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return browser("http", {"Host": "events.example:8000", **named}, {COOKIE: "plain", f"__Host-{COOKIE}": "secure"})


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "same-origin"},
        {"Sec_Fetch_Site": "same-origin", "Origin": OWN},
        {"Origin": OWN},
        {"Origin": OWN, "Host": "EVENTS.example:8000"},
        {"Origin": "https://events.example:8000", "X_Forwarded_Proto": "https"},
        {"Origin": "http://[::1]:8000", "Host": "[::1]:8000"},
    ],
)
def test_a_page_of_this_origin_passes(headers: dict[str, str]) -> None:
    of(**headers).check()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "cross-site", "Origin": OWN},
        {"Sec_Fetch_Site": "none", "Origin": OWN},
        {"Sec_Fetch_Site": "SAME-ORIGIN"},
        {"Origin": "http://events.example"},
        {"Origin": "http://events.example:8001"},
        {"Origin": "https://events.example:8000"},
        {"Origin": f"{OWN}/"},
        {"Origin": "null"},
        {"Origin": "http://", "Host": ""},
        {"Origin": "http://a b", "Host": "a b"},
        {"Origin": "http://evil.example", "X_Forwarded_Host": "evil.example"},
        {"Origin": OWN, "X_Forwarded_Proto": "https"},
    ],
)
def test_every_other_page_does_not(headers: dict[str, str]) -> None:
    with pytest.raises(Refused) as refused:
        of(**headers).check()
    assert refused.value.status == 403


def test_behind_tls_the_cookie_has_a_name_that_only_tls_can_set() -> None:
    assert of().session == "plain"
    assert of(X_Forwarded_Proto="https").session == "secure"
    assert of(X_Forwarded_Proto="javascript").origin == OWN


@pytest.mark.parametrize(
    ("said", "scheme"),
    [("https", "https"), ("HTTPS ", "https"), ("https, http", "https"), ("https,http,http", "https")]
    + [(said, "http") for said in ("", "http", "http, https", ", https", "https:", "wss", "httpshttps")],
)
def test_behind_several_proxies_the_outermost_tells_whether_the_browser_spoke_tls(said: str, scheme: str) -> None:
    assert of(X_Forwarded_Proto=said).scheme == scheme
    assert ("; Secure" in of(X_Forwarded_Proto=said).cookie("t", 5)) == (scheme == "https")


def test_the_cookie_of_plain_http_is_not_secure_and_that_of_tls_is() -> None:
    assert of().cookie("t", 5) == f"{COOKIE}=t; Max-Age=5; Path=/; HttpOnly; SameSite=Strict"
    secure = of(X_Forwarded_Proto="https").cookie("t", 5)
    assert secure == f"__Host-{COOKIE}=t; Max-Age=5; Path=/; HttpOnly; SameSite=Strict; Secure"


@pytest.mark.parametrize(
    ("host", "hostname"),
    [("events.example", "events.example"), ("127.0.0.1:8000", "127.0.0.1"), ("[::1]:8000", "[::1]"), ("a b\r\n", "")],
)
def test_the_host_is_known_with_and_without_its_port(host: str, hostname: str) -> None:
    assert of(Host=host).hostname == hostname


@pytest.mark.parametrize("port", ["0", "99999", "65536"])
def test_a_port_that_is_none_harms_nothing(port: str) -> None:
    assert of(Host=f"events.example:{port}").hostname.startswith("events.example")
