"""Somebody with a browser: keeps the cookie, and says where each request comes from, as browsers do."""

from http.cookies import SimpleCookie
from typing import Any

import orjson

from tests.queries.conftest import Answer, Params, Service

PATH = "/api/v1/session"
OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}


class Visitor:
    """One browser. `cookie` is the header that it sends, empty while it has none."""

    def __init__(self, service: Service, cookie: str = "") -> None:
        self.service = service
        self.cookie = cookie

    async def ask(
        self,
        path: str,
        method: str = "GET",
        order: object = None,
        params: Params | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send a request of an own page, unless the headers say another thing."""
        sent = {**OWN_PAGE, **(headers or {})} | ({"Cookie": self.cookie} if self.cookie else {})
        data = order if isinstance(order, bytes) else None if order is None else orjson.dumps(order)
        answer = await self.service.ask(path, params=params, method=method, data=data, headers=sent)
        if "Set-Cookie" in answer.headers:
            (baked,) = SimpleCookie(answer.headers["Set-Cookie"]).values()
            self.cookie = f"{baked.key}={baked.value}" if baked.value else ""
        return answer

    async def sign_in(self, **order: str) -> Any:
        """With a `key`, or into a `project`; it must be let in. Returns who it is."""
        answer = await self.ask(PATH, "POST", order)
        assert answer.status == 200, answer.raw
        return answer.body["data"]

    async def who(self) -> Any:
        """Who it is by its cookie."""
        answer = await self.ask(PATH)
        assert answer.status == 200, answer.raw
        return answer.body["data"]

    async def sign_out(self) -> None:
        """It must be done."""
        answer = await self.ask(PATH, "DELETE")
        assert (answer.status, answer.body["data"]) == (200, {"signed_in": False}), answer.raw

    @property
    def token(self) -> str:
        """What the cookie holds."""
        return self.cookie.partition("=")[2]
