"""A process of its own with the engine and a Keeper in its memory: replicated tables can be made there, and not filled.

Statements come as a JSON array on stdin, answers go as one to stdout: rows of texts, or {"error": message}.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from chdb.state.sqlitelike import Connection

_CONFIG = """
<clickhouse>
    <zookeeper><implementation>testkeeper</implementation></zookeeper>
    <macros><shard>01</shard><replica>a</replica></macros>
    <tcp_port>9000</tcp_port>
    <remote_servers><main><shard><replica><host>127.0.0.1</host><port>9000</port></replica></shard></main></remote_servers>
</clickhouse>"""


def main(folder: Path) -> None:
    """Run what comes, in its order, each on its own."""
    config = folder / "keeper.xml"
    config.write_text(_CONFIG)
    engine = Connection(f"{folder / 'data'}?config-file={config}")
    engine.query("CREATE DATABASE headrace ENGINE = Atomic")
    engine.query("USE headrace")
    print(json.dumps([_answer(engine, statement) for statement in json.load(sys.stdin)]), flush=True)
    os._exit(0)  # replicated tables hold the engine up that cannot reach each other


def _answer(engine: Connection, statement: str) -> Any:
    try:
        return json.loads(engine.query(statement, "JSONCompactStrings").bytes() or b'{"data": []}')["data"]
    except RuntimeError as error:
        return {"error": str(error)}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
