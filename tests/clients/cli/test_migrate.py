"""`headrace migrate`, on a database of its own."""

import pytest
from yarl import URL

from tests.clients.cli.conftest import Headrace
from workers.migrate import migrations


@pytest.mark.stack
async def test_it_shows_what_is_missing_and_applies_each_phase(
    headrace: Headrace, redis_url: str, clickhouse_url: str
) -> None:
    where = str(URL(clickhouse_url).with_query(database="cli_migrate"))
    headrace.env = {"HEADRACE_CLICKHOUSE_URL": where, "HEADRACE_REDIS_URL": redis_url}
    names = {phase: [one.name for one in migrations() if f"_{phase}_" in one.name] for phase in ("pre", "post")}
    planned = await headrace("migrate", "--json")
    assert sorted(planned.document["plan"]) == sorted(names["pre"] + names["post"])
    ended = await headrace("migrate", "apply", "--phase", "pre")
    assert (ended.code, ended.out.splitlines()) == (0, [f"applied: {name}" for name in names["pre"]])
    assert (await headrace("migrate", "--phase", "pre")).out == "Nothing is missing.\n"
    done = await headrace("migrate", "apply", "--phase", "post", "--json")
    assert (done.code, done.document) == (0, {"apply": names["post"], "waits": ""})


async def test_without_clickhouse_it_says_so(headrace: Headrace) -> None:
    assert (await headrace("migrate")).code == 2
    headrace.env = {"HEADRACE_CLICKHOUSE_URL": "http://u:secret@127.0.0.1:1/?database=x"}
    ended = await headrace("migrate")
    assert (ended.code, "secret" in ended.err) == (3, False)
    assert (await headrace("migrate", "apply")).code == 2, "who runs is asked of Redis"
