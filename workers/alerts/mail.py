"""Mail: one e-mail to one address, by the operator's mail server. apprise speaks to it; nothing else of it is used."""

import asyncio
import functools
import importlib
import logging
import warnings
from typing import Any

from workers.errors import NotNow

_SECONDS = 30.0


class Mail:
    """`url` is the operator's: mailtos://user:password@smtp.example?from=alerts@shop.example; empty: no mail."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def send(self, address: str, subject: str, text: str) -> str:
        """Returns why it was not taken, for people; empty when it was."""
        if not self._url:
            return "HEADRACE_MAIL is not set: no mail can be sent"
        try:
            sending = asyncio.to_thread(_send, plugin(), self._url, address, subject, text)
            taken = await asyncio.wait_for(sending, _SECONDS)
        except TimeoutError:
            return "the mail server did not answer in time"
        except NotNow as error:
            return str(error)
        return "" if taken else "the mail server is away, or did not take it"


@functools.cache
def plugin() -> Any:
    """The one of apprise's plugins that is used. Loaded at need: it takes 25 MB."""
    logging.getLogger("apprise").setLevel(logging.ERROR)  # it names every receiver
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it looks for a module that Python 3.13 has no more
        return importlib.import_module("apprise.plugins.email").NotifyEmail


def _send(mail: Any, url: str, address: str, subject: str, text: str) -> bool:
    """Plain text alone: as HTML it would be sent unescaped."""
    server = mail.parse_url(url)
    if not server or not server.get("host"):
        raise NotNow("HEADRACE_MAIL cannot be used: write mailtos://user:password@host?from=alerts@shop.example")
    one = mail(**{**server, "targets": [address], "cc": None, "bcc": None, "format": "text"})
    return bool(one.notify(body=text, title=subject, body_format="text"))
