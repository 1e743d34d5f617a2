"""A pipeline to draw, and what is drawn as plain text."""

from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console, RenderableType

from clients.cli.top.flow import Alarm, Minute, Pipeline, Rates, Redis, Shard, Totals, Worker

NOW = datetime(2026, 11, 22, 10, 30, 30, tzinfo=UTC)


def pipeline(**fields: Any) -> Pipeline:
    """An hour of 60, 120 and 0 events a minute, and one shard that is held."""
    minutes = [Minute(NOW.replace(second=0) - timedelta(minutes=ago), 60, 120, 0) for ago in range(59, -1, -1)]
    known: dict[str, Any] = {
        "now": NOW,
        "project": "shop",
        "durability": "disk",
        "fresh_through": NOW - timedelta(seconds=1),
        "lag_seconds": 1.0,
        "rates": Rates(minutes, Totals(NOW.replace(minute=0), 1000, 900, 10)),
        "rejected_waiting": 3,
        "shards": [Shard(0, 1.0, 5, held=True)],
        "alarms": [],
    }
    return Pipeline(**{**known, **fields})


def operators(**fields: Any) -> Pipeline:
    """The same as an operator is told it, with a worker that hangs."""
    worker = Worker("db1", 42, [0, 1, 2, 7], "draining", False, "its process hangs", NOW - timedelta(seconds=14))
    shards = [Shard(0, 1.0, 5, held=True, owner="db1:42:abc"), Shard(1, 130.0, 7000, held=False)]
    alarm = Alarm("lag", "fail", NOW - timedelta(seconds=130), "Events are late.", "Start more workers.")
    known = {"project": None, "workers": [worker], "redis": Redis(2**20, 2**30), "shards": shards, "alarms": [alarm]}
    return pipeline(**{**known, **fields})


def text(*parts: RenderableType, width: int = 80) -> str:
    """As a pipe gets it."""
    console = Console(width=width, color_system=None, highlight=False)
    with console.capture() as captured:
        for part in parts:
            console.print(part)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())
