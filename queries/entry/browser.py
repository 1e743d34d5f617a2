"""Browser: the session's cookie, and whether a request comes from a page of this service's own. No I/O."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from queries.errors import Refused

COOKIE = "headrace_session"
#: a name with which browsers keep out cookies of neighbouring hosts and of plain HTTP
_SECURE_NAME = f"__Host-{COOKIE}"
_HOST = re.compile(r"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?")
_ELSEWHERE = (
    "This request comes from a page of another origin, or does not say where it comes from. Whoever is signed in by a "
    "cookie sends Sec-Fetch-Site: same-origin or the service's own Origin, as browsers do; a program sends "
    "Authorization: Bearer with its key instead."
)


@dataclass(frozen=True, slots=True)
class Browser:
    """What of a request only a browser's page brings. Headers that a page of elsewhere cannot choose are believed."""

    scheme: str = "http"
    #: as the URL had it, with a port; empty where it is none
    host: str = ""
    #: the token of the session, empty without a cookie
    session: str = ""
    #: Sec-Fetch-Site, of browsers that know it
    site: str = ""
    #: Origin: of the page that asks
    page: str = ""

    @property
    def origin(self) -> str:
        """Where the service was asked, such as https://events.example."""
        return f"{self.scheme}://{self.host}"

    @property
    def hostname(self) -> str:
        """The host without its port."""
        named = _HOST.fullmatch(self.host)
        return named[1] if named else ""

    def check(self) -> None:
        """Raises `Refused` unless the request was made by a page of this very origin."""
        own = self.site == "same-origin" if self.site else bool(self.host) and self.page == self.origin
        if not own:
            raise Refused(403, _ELSEWHERE)

    def cookie(self, token: str, seconds: int) -> str:
        """Set-Cookie of a session; of no token and 0 seconds it takes the cookie away."""
        name, secure = (_SECURE_NAME, "; Secure") if self.scheme == "https" else (COOKIE, "")
        return f"{name}={token}; Max-Age={seconds}; Path=/; HttpOnly; SameSite=Strict{secure}"


def browser(scheme: str, headers: Mapping[str, str], cookies: Mapping[str, str]) -> Browser:
    """Of a request. A proxy that ends TLS says so in X-Forwarded-Proto, and passes Host on as it came.

    Of several, which some proxies append to, the first met the browser.
    """
    outermost = headers.get("X-Forwarded-Proto", "").partition(",")[0]
    scheme = "https" if outermost.strip().lower() == "https" else scheme
    host = headers.get("Host", "").lower()
    return Browser(
        scheme,
        host if _HOST.fullmatch(host) else "",
        cookies.get(_SECURE_NAME if scheme == "https" else COOKIE, ""),
        headers.get("Sec-Fetch-Site", ""),
        headers.get("Origin", ""),
    )
