"""The ClickHouse engine of this process: statements run side by side, each on a connection of its own."""

import asyncio
import os
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# A ClickHouse server image runs in UTC; the engine reads the zone once, while it is imported.
os.environ["TZ"] = "UTC"
from chdb.state.sqlitelike import Connection

from deploy.local.clickhouse import merges
from deploy.local.clickhouse.exceptions import Code, failed, refused
from deploy.local.clickhouse.statement import Statement

_OPTIONS = {
    "max_server_memory_usage": 4 << 30,
    "mark_cache_size": 256 << 20,
    "primary_index_cache_size": 256 << 20,
    # Where the engine in a process differs from a server, be the server.
    "implicit_select": 0,
    "allow_introspection_functions": 0,
}
_QUERY_LANES, _INSERT_LANES = 8, 4
_CHUNK = 4 << 20  # bytes of rows handed to the engine at a time


@dataclass(frozen=True, slots=True)
class Answer:
    """A result in its output format, None when the statement gives none, and what the engine counted."""

    body: bytes
    format: str | None
    content_type: str
    summary: Mapping[str, str]


class Engine:
    """Opens the data in a folder; one process at a time may.

    A connection is a session: SET, USE and temporary tables stay with it. It costs 0.1 ms to make one, so that each
    statement gets its own and nothing can leak into the next. Inserts have threads of their own and never wait
    behind questions.
    """

    def __init__(self, path: Path, database: str) -> None:
        options = "&".join(f"{name}={value}" for name, value in _OPTIONS.items())
        self._address = f"{path}?{options}"
        self._anchor = Connection(self._address)  # the engine lives as long as one connection does
        merges.give_way(self._anchor.query)
        self._query_lane = ThreadPoolExecutor(_QUERY_LANES, "query")
        self._insert_lane = ThreadPoolExecutor(_INSERT_LANES, "insert")
        self._kill_lane = ThreadPoolExecutor(1, "kill")
        self._under_way: set[Future[Answer]] = set()
        self._anchor.query(f"CREATE DATABASE IF NOT EXISTS {_identifier(database)} ENGINE = Atomic")
        self.version, self.timezone = self._rows("SELECT version(), timezone()")[0]
        formats = self._rows("SELECT lower(name), name, content_type FROM system.formats WHERE is_output")
        self._formats = {key: (name, content_type) for key, name, content_type in formats}

    async def run(self, statement: Statement) -> Answer:
        """Run a statement to its end. When the caller is cancelled, a question is killed and an insert goes on."""
        lane = self._insert_lane if statement.inserts else self._query_lane
        future = lane.submit(self._execute, statement)
        self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            self._kill_lane.submit(self._kill, statement.query_id)
            raise

    async def stop(self, grace: float) -> None:
        """Let running statements end within `grace` seconds, then kill them; those that wait for a turn never run."""
        await asyncio.to_thread(wait, set(self._under_way), grace)
        for lane in (self._query_lane, self._insert_lane):
            lane.shutdown(wait=False, cancel_futures=True)
        self._anchor.query("KILL QUERY WHERE 1")

    def close(self) -> None:
        """Close the data, once the last statement has ended."""
        self._kill_lane.shutdown()
        wait(set(self._under_way))
        self._anchor.close()

    def _execute(self, statement: Statement) -> Answer:
        connection = Connection(self._address)
        try:
            self._prepare(connection, statement)
            if statement.data is None:
                return self._ask(connection, statement)
            return self._insert(connection, statement, statement.data)
        except RuntimeError as error:
            raise failed(str(error)) from None
        finally:
            connection.close()

    def _prepare(self, connection: Connection, statement: Statement) -> None:
        if statement.database:
            connection.query(f"USE {_identifier(statement.database)}")
        # The engine gives out its own query ids; the client's is kept where KILL QUERY and people can find it.
        settings = {"log_comment": statement.query_id} | dict(statement.settings)
        if statement.data is not None:
            settings |= {f"param_{name}": value for name, value in statement.parameters.items()}
        connection.query("SET " + ", ".join(f"{name} = {_literal(value)}" for name, value in settings.items()))

    def _ask(self, connection: Connection, statement: Statement) -> Answer:
        name, content_type = self._output(statement)
        result = connection.query(statement.sql, name, params=dict(statement.parameters))
        counted = {
            "read_rows": result.storage_rows_read(),
            "read_bytes": result.storage_bytes_read(),
            "written_rows": result.rows_written(),
            "written_bytes": result.bytes_written(),
            "result_rows": result.rows_read(),
            "result_bytes": result.size(),
        }
        body = result.bytes()
        answers = statement.answers or bool(body)
        return Answer(body, name if answers else None, content_type, _summary(counted, result.elapsed()))

    def _insert(self, connection: Connection, statement: Statement, data: memoryview) -> Answer:
        inserter: Any = connection.send_insert(statement.sql, statement.format)
        with inserter:
            for start in range(0, len(data), _CHUNK):
                inserter.append(data[start : start + _CHUNK])
            result = inserter.finish()
        counted = {
            "read_rows": result.rows_written,
            "read_bytes": result.bytes_written,
            "written_rows": result.rows_written,
            "written_bytes": result.bytes_written,
        }
        return Answer(b"", None, "text/plain; charset=UTF-8", _summary(counted, result.elapsed))

    def _output(self, statement: Statement) -> tuple[str, str]:
        known = self._formats.get(statement.format.lower())
        if known is None and statement.format_in_sql:
            known = self._formats["tabseparated"]  # the engine is the judge of SQL, and will say what is wrong
        if known is None:
            raise refused(Code.UNKNOWN_FORMAT, f"Unknown format {statement.format}")
        return known

    def _kill(self, query_id: str) -> None:
        with Connection(self._address) as connection:
            of_query = f"Settings['log_comment'] = {_literal(query_id)}"
            connection.query(f"KILL QUERY WHERE query_kind = 'Select' AND {of_query}")

    def _rows(self, sql: str) -> list[list[str]]:
        lines = str(self._anchor.query(sql, "TabSeparated").data()).splitlines()
        return [line.split("\t") for line in lines]


def _summary(counted: Mapping[str, int], seconds: float) -> dict[str, str]:
    return {name: str(count) for name, count in counted.items()} | {"elapsed_ns": str(int(seconds * 1e9))}


def _literal(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _identifier(name: str) -> str:
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"
