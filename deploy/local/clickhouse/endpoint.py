"""ClickHouse's HTTP interface: a request becomes a statement, its answer or error a response."""

import asyncio
import json
import logging
from collections.abc import Mapping

from aiohttp import web

from deploy.local.clickhouse import encodings
from deploy.local.clickhouse.access import Access
from deploy.local.clickhouse.engine import Answer, Engine
from deploy.local.clickhouse.exceptions import Code, StatementError, refused
from deploy.local.clickhouse.statement import Statement, fields_of, parse, query_id_of

BODY_LIMIT = 1 << 30  # bytes, both as sent and decoded
_URL_LIMIT = 1 << 20  # bytes of a request line, as in ClickHouse
_WORTH_A_THREAD = 1 << 14  # bytes; smaller bodies are decoded and encoded faster than a thread takes over
# Seconds. A stop takes at most the first, twice the second and what `__main__` adds, together under three.
_STATEMENT_GRACE, _CONNECTION_GRACE = 0.8, 0.3

_log = logging.getLogger(__name__)


class Endpoint:
    """The handlers; `runner` binds them to their paths."""

    def __init__(self, engine: Engine, access: Access) -> None:
        self._engine = engine
        self._access = access

    def runner(self) -> web.AppRunner:
        """A runner that cancels the handler of a client who left, and leaves compressed bodies to us."""
        app = web.Application(client_max_size=BODY_LIMIT)
        app.router.add_get("/ping", self.ok)
        app.router.add_get("/replicas_status", self.ok)
        app.router.add_get("/", self.query)
        app.router.add_post("/", self.query)
        app.on_shutdown.append(self._stop)
        return web.AppRunner(
            app,
            access_log=None,
            handler_cancellation=True,
            auto_decompress=False,
            max_line_size=_URL_LIMIT,
            shutdown_timeout=_CONNECTION_GRACE,
        )

    async def _stop(self, _: web.Application) -> None:
        await self._engine.stop(_STATEMENT_GRACE)

    async def ok(self, _: web.Request) -> web.Response:
        """Alive; asked without a password."""
        return web.Response(text="Ok.\n", content_type="text/html")

    async def query(self, request: web.Request) -> web.Response:
        """Run the statement of a request."""
        if request.method != "POST" and "?" not in request.path_qs:
            return await self.ok(request)
        headers = {
            "X-ClickHouse-Server-Display-Name": "headrace-local",
            "X-ClickHouse-Timezone": self._engine.timezone,
        }
        try:
            fields = fields_of(request.raw_path.partition("?")[2])
            self._access.check(request.headers, fields)
            headers["X-ClickHouse-Query-Id"] = query_id = query_id_of(fields)
            statement = await self._statement(request, fields, query_id)
            answer = await self._engine.run(statement)
            headers["X-ClickHouse-Timezone"] = statement.settings.get("session_timezone") or self._engine.timezone
            return await _respond(request, headers, statement, answer)
        except StatementError as error:
            _log.debug("statement failed", extra={"action": "failed", "code": error.code})
            return self._failure(error, headers)

    async def _statement(self, request: web.Request, fields: Mapping[str, str], query_id: str) -> Statement:
        if request.content_type == "multipart/form-data":
            fields, body = {**fields, **await _form(request)}, b""
        else:
            body = await _body(request)
        if request.method != "POST" and fields.get("readonly", "0") == "0":
            fields = {**fields, "readonly": "2"}
        if len(body) < _WORTH_A_THREAD:
            return _parse(request, fields, body, query_id)
        return await asyncio.to_thread(_parse, request, fields, body, query_id)

    def _failure(self, error: StatementError, headers: Mapping[str, str]) -> web.Response:
        told = {"X-ClickHouse-Exception-Code": str(error.code), "Content-Type": "text/plain; charset=UTF-8"}
        text = f"{error} (version {self._engine.version})\n"
        return web.Response(status=error.status, body=text.encode(errors="replace"), headers={**headers, **told})


async def _body(request: web.Request) -> bytes:
    too_large = refused(Code.QUERY_IS_TOO_LARGE, f"The body is larger than {BODY_LIMIT} bytes, send it in parts")
    if (request.content_length or 0) > BODY_LIMIT:
        raise too_large
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise too_large from None


async def _form(request: web.Request) -> dict[str, str]:
    """The fields of a form, as clients send them when parameters are too long for a URL."""
    try:
        posted = await request.post()
    except ValueError as error:
        raise refused(Code.BAD_ARGUMENTS, f"The form cannot be read: {error}") from None
    fields = {}
    for name, value in posted.items():
        if not isinstance(value, str):
            raise refused(Code.NOT_IMPLEMENTED, f"External table {name!r}: insert its rows into a table instead")
        fields[name] = value
    return fields


def _parse(request: web.Request, fields: Mapping[str, str], body: bytes, query_id: str) -> Statement:
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    return parse(fields, request.headers, encodings.decode(body, encoding, BODY_LIMIT), query_id)


async def _respond(request: web.Request, headers: dict[str, str], statement: Statement, answer: Answer) -> web.Response:
    headers["X-ClickHouse-Summary"] = json.dumps(answer.summary, separators=(",", ":"))
    headers["Content-Type"] = answer.content_type
    if answer.format:
        headers["X-ClickHouse-Format"] = answer.format
    body, encoding = answer.body, None
    if body and statement.settings.get("enable_http_compression", "1") not in {"0", "false"}:
        encoding = encodings.choose(request.headers.get("Accept-Encoding", ""))
    if encoding:
        headers["Content-Encoding"] = encoding
        inline = len(body) < _WORTH_A_THREAD
        body = encodings.encode(body, encoding) if inline else await asyncio.to_thread(encodings.encode, body, encoding)
    return web.Response(body=body, headers=headers)
