"""Origins: from which pages a browser may send to a project, and what CORS says of it."""

from collections.abc import Mapping, Sequence

#: on every answer to a browser; nothing here goes by cookies, so any page may read it
OPEN: Mapping[str, str] = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": ", ".join(
        ("Retry-After", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-Request-Id")
    ),
}


def allowed(origin: str, origins: Sequence[str]) -> bool:
    """Whether a project that lists these origins takes events from this one.

    An entry is `scheme://host[:port]`; `*.` at the start of the host stands for every name below it.
    """
    return not origins or any(_matches(origin.lower(), entry) for entry in origins)


def _matches(origin: str, entry: str) -> bool:
    scheme, separator, host = entry.partition("://*.")
    if not separator:
        return origin == entry
    return origin.startswith(f"{scheme}://") and origin.endswith(f".{host}") and "/" not in origin[len(scheme) + 3 :]
