"""Where Redis is: URLs that may hold passwords, checked without ever being shown."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from redis.asyncio.connection import parse_url

_SHAPE = (
    "must look like redis://user:password@host:6379/0 (or rediss://, unix://; redis+sentinel://host:26379,host:26379/"
    "service; several with spaces between, of which the first is the control server and the others hold the shards, or "
    "one redis+cluster://host:6379,host:6379); write @ : / ? # and spaces inside a password as %40 %3A %2F %3F %23 %20"
)
_PORTS = {"sentinel": 26379, "cluster": 6379}

Host = tuple[str, int]


@dataclass(frozen=True)
class Place:
    """One server, the primary that Sentinel names, or a cluster."""

    #: server, sentinel or cluster
    kind: str
    #: the URL of a server; of the others with their first host
    url: str = field(repr=False)
    #: of the sentinels, or of some nodes of the cluster
    hosts: tuple[Host, ...] = ()
    #: as Sentinel calls it
    service: str = ""

    @property
    def options(self) -> dict[str, Any]:
        """What redis-py makes a connection of."""
        return dict(parse_url(self.url))


def places(urls: str) -> tuple[Place, ...]:
    """The control server, and what holds the shards where it does not. Raises `ValueError`.

    The error is not in the words of the libraries: they quote what may be half of a password.
    """
    try:
        found = tuple(_place(url) for url in urls.split())
    except ValueError:
        raise ValueError(_SHAPE) from None
    clusters = [number for number, one in enumerate(found) if one.kind == "cluster"]
    if not found or (clusters and (clusters != [1] or len(found) > 2)):
        raise ValueError(_SHAPE)
    return found


def checked(urls: str) -> str:
    """The same as they came. Raises `ValueError`."""
    places(urls)
    return urls


def shown(url: str) -> str:
    """Sentinels or nodes of a cluster, fit for a message; empty for the URL of anything else. Raises `ValueError`."""
    if "+" not in url.partition("://")[0]:
        return ""
    place = _place(url)
    hosts = ",".join(f"{name}:{port}" for name, port in place.hosts)
    return f"{url.partition('://')[0]}://{hosts}{'/' * bool(place.service)}{place.service}"


def _place(url: str) -> Place:
    scheme, _, _ = url.partition("://")
    plain, _, kind = scheme.partition("+")
    if not kind:
        return Place("server", _sound(url))
    if plain not in {"redis", "rediss"} or kind not in _PORTS:
        raise ValueError
    parts = urlsplit(url)
    user, at, where = parts.netloc.rpartition("@")
    hosts = tuple(_host(one, _PORTS[kind]) for one in where.split(","))
    service, _, database = parts.path.strip("/").partition("/")
    if kind == "cluster":
        service, database = "", service
    if (kind == "sentinel") != bool(service) or (kind == "cluster" and database not in {"", "0"}) or "#" in url:
        raise ValueError
    sound = _sound(f"{plain}://{user}{at}{where.split(',')[0]}/{database or 0}?{parts.query}")
    return Place(kind, sound, hosts, service)


def _sound(url: str) -> str:
    parse_url(url)
    parts = urlsplit(url)
    if parts.fragment or "@" in parts.path + parts.query:
        raise ValueError
    return url


def _host(text: str, port: int) -> Host:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError
    return parts.hostname, parts.port or port
