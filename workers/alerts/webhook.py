"""Webhook: one signed POST to a URL that somebody named. It is followed nowhere, and what it answers is not read."""

import functools
import time

import aiohttp
from aiohttp.abc import AbstractResolver

from ingest_api.alerts.alert import signature
from workers.alerts.reach import NotAllowed, Reach

_TIMEOUT = aiohttp.ClientTimeout(total=15, connect=5)


async def post(
    url: str, body: bytes, *, message: str, secret: str, reach: Reach, resolver: AbstractResolver | None = None
) -> str:
    """Send it. Returns why it did not arrive, for people; empty when the answer was 2xx. Never raises for a receiver.

    The name is looked up once; whatever it leads to is checked right before it is connected to.
    """
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "headrace",
        "X-Headrace-Id": message,
        "X-Headrace-Signature": signature(secret, int(time.time()), body),
    }
    guard = functools.partial(reach.socket, tls=url.lower().startswith("https:"))
    connector = aiohttp.TCPConnector(socket_factory=guard, resolver=resolver, use_dns_cache=False, force_close=True)
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=_TIMEOUT, trust_env=False) as session,
            session.post(url, data=body, headers=headers, allow_redirects=False) as response,
        ):
            return "" if 200 <= response.status < 300 else f"the answer was {response.status}"
    except NotAllowed as refused:
        return str(refused)
    except TimeoutError:
        return "no answer in time"
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return _why(error)


def _why(error: BaseException) -> str:
    """Without what the receiver said: an answer of something else must not be shown to whoever named the URL."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, NotAllowed):
            return str(found)
        found = found.__cause__ or found.__context__
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return "its TLS cannot be trusted"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name cannot be found"
    return "it cannot be connected to" if isinstance(error, aiohttp.ClientConnectorError) else "the connection was lost"
