"""`headrace export` on a real query service and warehouse."""

import asyncio
import csv
import io
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from rich.console import Console

from clients.cli.export import Written
from clients.cli.output import Output
from ingest_api import moment
from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Projects
from ingest_api.stream import Redis
from tests.clients.cli.asking import Shop, asking
from tests.clients.cli.conftest import Headrace
from tests.waiting import until

pytestmark = pytest.mark.stack

HOUR = 3_600_000
SPAN = ("--from", "2026-11-19", "--to", "2026-11-20")


@pytest.fixture
async def shop(redis: Redis, redis_url: str, clickhouse_url: str, headrace: Headrace) -> AsyncIterator[Shop]:
    """A project of its own."""
    async with asking(redis, redis_url, clickhouse_url, headrace) as one:
        yield one


def content(out: Path) -> bytes:
    """Of a file, or of all files of a folder."""
    files = sorted(out.iterdir()) if out.is_dir() else [out]
    return b"".join(file.name.encode() * out.is_dir() + file.read_bytes() for file in files)


async def test_every_event_is_in_the_file_once_in_every_format(shop: Shop) -> None:
    shop.put(40, HOUR // 4, user_id="=1+1")
    shop.put(30, 1, user_id="late")
    ended = await shop.headrace("export", *SPAN, "--window", "20")
    assert (ended.code, ended.out) == (0, "70 events are in events.ndjson.\n"), ended.err
    lines = [json.loads(line) for line in (shop.headrace.folder / "events.ndjson").read_bytes().splitlines()]
    ids = [one["event_id"] for one in lines]
    assert (len(ids), len(set(ids))) == (70, 70)
    await shop.headrace("export", *SPAN, "--window", "20", "--format", "csv", "--columns", "event_id,user_id")
    with (shop.headrace.folder / "events.csv").open(newline="") as file:
        table = list(csv.reader(file))
    assert table[0] == ["event_id", "user_id"]
    assert [row[0] for row in table[1:]] == ids
    assert {row[1] for row in table[1:]} == {"'=1+1", "late"}
    told = await shop.headrace("export", *SPAN, "--window", "20", "--format", "parquet", "--json")
    files = list((shop.headrace.folder / "events.parquet").iterdir())
    assert told.document == {"out": "events.parquet", "events": 70, "files": len(files)}
    assert len(files) > 3
    assert pq.read_table(shop.headrace.folder / "events.parquet")["event_id"].to_pylist() == ids
    left = {path.name for path in shop.headrace.folder.iterdir()}
    assert left == {"events.csv", "events.ndjson", "events.parquet"}


@pytest.mark.parametrize("form", ["csv", "ndjson", "parquet"])
async def test_an_export_that_was_killed_at_any_moment_goes_on_to_the_same_bytes(shop: Shop, form: str) -> None:
    shop.put(60, HOUR // 3)
    shop.put(40, 1)
    options = ("export", *SPAN, "--window", "2", "--format", form)
    whole, torn = shop.headrace.folder / "whole", shop.headrace.folder / "torn"
    assert (await shop.headrace(*options, "--out", "whole")).code == 0
    beside = shop.headrace.folder / "torn.export"
    for done in (1, 12, 25):
        process = await shop.headrace.start(*options, "--out", "torn")

        async def far(done: int = done) -> bool:
            return beside.exists() and json.loads(beside.read_bytes())["done"] >= done

        await until(far, within=30)
        process.kill()
        await process.communicate()
        assert beside.exists(), "the kill came too late"
        shop.put(5, 1, _stream_ms=moment.now_ms())  # these arrive after it began
    if form != "parquet":
        with torn.open("ab") as file:
            file.write(b"half a window")
    ended = await shop.headrace(*options, "--out", "torn")
    assert ended.code == 0, ended.err
    assert "Going on with torn:" in ended.err
    assert content(torn) == content(whole)
    assert not beside.exists()


def test_in_a_terminal_a_bar_says_how_many_are_done_how_fast_and_what_time_is_left() -> None:
    shown = io.StringIO()
    terminal = Console(file=shown, force_terminal=True, width=100)
    with Written(Output(err=terminal), total=2000, done=500) as bar:
        bar.add(1000)
        bar.refresh()
    assert "1,500 of 2,000 events" in shown.getvalue()
    assert re.search(r"[0-9,]+/s .*-?[0-9:]+", shown.getvalue())


async def test_no_events_make_an_empty_file_with_the_names_of_the_columns(shop: Shop) -> None:
    await shop.headrace("export", *SPAN, "--format", "csv", "--columns", "name,asn")
    assert (shop.headrace.folder / "events.csv").read_text() == '"name","asn"\n'


async def test_what_is_there_already_is_not_touched(shop: Shop) -> None:
    there = shop.headrace.write("events.ndjson", b"mine")
    ended = await shop.headrace("export", *SPAN)
    assert (ended.code, "is there already" in ended.err) == (2, True)
    assert there.read_bytes() == b"mine"
    assert (await shop.headrace("export", "--from", "2026-11-20", "--to", "2026-11-19")).code == 2
    assert (await shop.headrace("export", "--from", "soon")).code == 2
    assert (await shop.headrace("export", "--from", "1d", "--out", "nowhere/x")).code == 2
    assert [path.name for path in shop.headrace.folder.iterdir()] == ["events.ndjson"]


async def test_an_unfinished_export_is_told_from_another_one(shop: Shop) -> None:
    shop.put(50, HOUR // 3)
    process = await shop.headrace.start("export", *SPAN, "--window", "1")
    beside = shop.headrace.folder / "events.ndjson.export"

    async def begun() -> bool:
        return beside.exists() and json.loads(beside.read_bytes())["done"] > 1

    await until(begun, within=30)
    process.send_signal(19)  # it stands still, and holds its file
    other = await shop.headrace("export", *SPAN, "--window", "1")
    assert (other.code, "Another export is writing" in other.err) == (2, True)
    process.kill()
    await asyncio.wait_for(process.communicate(), 10)
    _, stranger = await Projects(shop.redis).create_key((await Projects(shop.redis).create("other")).id, Kind.QUERY)
    other = await shop.headrace("export", *SPAN, "--window", "1", HEADRACE_QUERY_KEY=stranger)
    assert (other.code, "is not the one of this key" in other.err) == (3, True), "two projects never meet in a file"
    other = await shop.headrace("export", *SPAN, "--window", "2")
    assert (other.code, "unfinished export of something else" in other.err) == (2, True)
