"""The two services over HTTP: one request, one attempt, and what its failure means."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp
import msgspec

from clients.cli.errors import CliError, No, Transient, Unreachable, WrongUsage
from clients.cli.output import printable
from clients.cli.retry import retry_after
from clients.cli.settings import Settings

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 60.0
#: statuses below 500 that pass by themselves: slow body, rate limit
PASSING = frozenset({408, 425, 429})

T = TypeVar("T")
#: takes the pieces of an answer
Sink = Callable[[bytes], object]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that says something about the request."""

    status: int
    body: bytes
    #: "The front door at http://…", for messages
    who: str

    def decode(self, shape: type[T]) -> T:
        """The body as `shape`. Raises `Unreachable` when some other program answered."""
        try:
            return msgspec.json.decode(self.body, type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Unreachable(
                f"{self.who} answered {self.status}, but not as Headrace does ({error}). Does HEADRACE_URL or --url "
                f"name the right service?"
            ) from error

    def reason(self) -> str:
        """What the answer gives as its reason, in one line."""
        try:
            said = msgspec.json.decode(self.body, type=_Reason)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return ""
        details = "; ".join(f"{detail.get('field')}: {detail.get('message')}" for detail in said.details[:5])
        message = said.message or said.why or said.error
        return printable(f"{message} ({details})" if details else message)


class _Reason(msgspec.Struct):
    message: str = ""
    error: str = ""
    why: str = ""
    details: list[dict[str, Any]] = []


class Service:
    """A client for both services. Every method makes one attempt.

    Raises `Transient` when the same request may succeed later, `Unreachable` when the key or the address is
    wrong, `WrongUsage` when a setting is missing.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS, connect=CONNECT_SECONDS)
        self._session = aiohttp.ClientSession(timeout=timeout, headers={"User-Agent": "headrace-cli"})
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def post_events(
        self, body: bytes, content_type: str, *, encoding: str = "", params: dict[str, str] | None = None
    ) -> Answer:
        """POST /v1/events. The answer is 200, or 400 with the reasons."""
        url = self._settings.front_door
        key = self._settings.need("write_key", "Pass --key, or make one: headrace key create PROJECT --kind write")
        headers = {"Authorization": f"Bearer {key}", "Content-Type": content_type}
        if encoding:
            headers["Content-Encoding"] = encoding
        answer = await self._request(
            "POST", url, "/v1/events", who="The front door", body=body, headers=headers, params=params
        )
        if answer.status in {200, 400}:
            return answer
        raise _refused(answer, "HEADRACE_WRITE_KEY")

    async def query(
        self, path: str, params: dict[str, str], sink: Sink | None = None, *, method: str = "GET", order: object = None
    ) -> Answer:
        """Ask the query service; the answer is 200. With a sink it goes there, piece by piece."""
        url = self._settings.queries
        key = self._settings.need("query_key", "Pass --key, or make one: headrace key create PROJECT --kind query")
        headers = {"Authorization": f"Bearer {key}"} | ({} if order is None else {"Content-Type": "application/json"})
        body = None if order is None else msgspec.json.encode(order)
        answer = await self._request(
            method, url, path, who="The query service", body=body, headers=headers, params=params, sink=sink
        )
        if answer.status == 200:
            return answer
        raise _refused(answer, "HEADRACE_QUERY_KEY")

    async def sql(self, order: object, sink: Sink | None = None) -> Answer:
        """POST /api/v1/sql; the answer is 200. Raises `WrongUsage` with what is wrong with the statement."""
        url = self._settings.queries
        key = self._settings.need("query_key", "Pass --key, or make one: headrace key create PROJECT --kind query")
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        body = msgspec.json.encode(order)
        answer = await self._request(
            "POST", url, "/api/v1/sql", who="The query service", body=body, headers=headers, sink=sink
        )
        if answer.status == 200:
            return answer
        if answer.status in {400, 413, 422} and answer.reason():
            raise WrongUsage(answer.reason())
        raise _refused(answer, "HEADRACE_QUERY_KEY")

    async def manage(self, method: str, path: str, *, order: object = None, params: dict[str, str]) -> Answer:
        """Ask or order something of the query service that an operator may; the answer is 200, of what was made 201.

        Without an admin key what only reads is tried with the query key, which sees its own project.
        """
        url, key = self._settings.queries, self._settings.admin_key
        if not key and method == "GET":
            key = self._settings.query_key
        if not key:
            key = self._settings.need("admin_key", "Pass --key, or make one: headrace key create --kind admin")
        headers = {"Authorization": f"Bearer {key}"}
        body = None if order is None else msgspec.json.encode(order)
        if body is not None:
            headers["Content-Type"] = "application/json"
        answer = await self._request(
            method, url, path, who="The query service", body=body, headers=headers, params=params
        )
        if answer.status in {200, 201}:
            return answer
        if answer.status == 404 and answer.reason():
            raise No(answer.reason())
        raise _refused(answer, "HEADRACE_ADMIN_KEY")

    async def change(self, method: str, path: str, *, order: object = None) -> Answer:
        """Change what is stored of people; the answer is 200. Raises `No` where it stands against what is stored."""
        url = self._settings.queries
        key = self._settings.need("delete_key", "Pass --key, or make one: headrace key create PROJECT --kind delete")
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        body = None if order is None else msgspec.json.encode(order)
        answer = await self._request(method, url, path, who="The query service", body=body, headers=headers)
        if answer.status == 200:
            return answer
        if answer.status in {404, 409} and answer.reason():
            raise No(answer.reason())
        raise _refused(answer, "HEADRACE_DELETE_KEY")

    async def health(self, url: str, path: str, who: str) -> Answer:
        """GET a health page, which needs no key; the answer is whatever it says below 500."""
        return await self._request("GET", url, path, who=who)

    async def _request(
        self,
        method: str,
        base: str,
        path: str,
        *,
        who: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        params: dict[str, str] | None = None,
        sink: Sink | None = None,
    ) -> Answer:
        who = f"{who} at {base}"
        try:
            # A redirect is not followed: it would turn POST into GET or carry the key to another host.
            async with self._session.request(
                method, base + path, data=body, headers=headers, params=params, allow_redirects=False
            ) as response:
                if sink is not None and response.status == 200:
                    async for piece in response.content.iter_any():
                        sink(piece)
                answer = Answer(response.status, await response.read(), who)
                after = retry_after(response.headers.get("Retry-After"), time.time())
                target = response.headers.get("Location", "")
        except TimeoutError as error:
            raise Transient(f"{who} does not answer in time.") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Transient(f"{who} cannot be reached: {_cause(error)}.") from error
        except ValueError as error:  # a line break in a key
            raise WrongUsage(f"The request to {base} cannot be written: {error}") from error
        if answer.status in PASSING or answer.status >= 500:
            raise Transient(f"{who} answered {answer.status}{_because(answer)}.", after)
        if 300 <= answer.status < 400:
            raise Unreachable(
                f"{who} redirects to {printable(target)}: set HEADRACE_URL or --url to the address there."
            )
        return answer


def _refused(answer: Answer, variable: str) -> CliError:
    said = f"{answer.who} answered {answer.status}{_because(answer)}."
    if answer.status in {401, 403}:
        return Unreachable(f"{said} Check {variable} or --key; `headrace key list` shows which keys are active.")
    if answer.status == 400:
        return WrongUsage(said)
    if answer.status == 413:
        return Unreachable(f"{said} Send less in one request, with --batch.")
    if answer.status == 409:
        return No(said)
    if answer.status == 404:
        return No(f"{said} If the path is unknown, HEADRACE_URL or --url names another service.")
    return Unreachable(said)


def _cause(error: Exception) -> str:
    """The operating system's words where there are some: they are shorter than the library's."""
    if isinstance(error, aiohttp.ClientConnectorError) and error.os_error.errno:
        number = error.os_error.errno
        return os.strerror(number) if number > 0 else str(error.os_error.strerror)
    if isinstance(error, aiohttp.ClientConnectionError):
        return "the connection was lost"
    return printable(str(error)) or type(error).__name__


def _because(answer: Answer) -> str:
    reason = answer.reason().rstrip(".")
    return f": {reason}" if reason else ""
