"""What all reports can be asked: range, zone, site, filters; and hostile text in every place that takes text."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from clickhouse_connect.driver.client import Client

from ingest_api import moment
from ingest_api.projects.keys import Kind
from queries.reports.asked import Asked, span_asked
from tests.queries.conftest import Answer, Service, Tenant
from tests.queries.hostile import INJECTIONS
from tests.queries.stored import event, store

pytestmark = pytest.mark.stack

Body = dict[str, Any]
BODIES: dict[str, Body] = {
    "funnel": {"steps": [{"event": "a"}, {"event": "b"}]},
    "retention": {},
    "paths": {"anchor": {"event": "a"}, "of": "events"},
}


def _step(text: str) -> Body:
    return {"steps": [{"event": text}, {"event": text, "filters": [["is", "country", [text]]]}]}


#: report, place -> a body with a text there; what the place takes is always answered
PLACES: dict[tuple[str, str], Callable[[str], Body]] = {
    ("funnel", "steps"): _step,
    ("funnel", "breakdown"): lambda text: {**BODIES["funnel"], "breakdown": f"properties.{text}"},
    ("funnel", "window"): lambda text: {**BODIES["funnel"], "window": text},
    ("retention", "start"): lambda text: {"start": {"event": text}, "back": {"filters": [["contains", "url", [text]]]}},
    ("retention", "timezone"): lambda text: {"timezone": text},
    ("paths", "anchor"): lambda text: {"anchor": {"event": text, "page": text}, "filters": [["is", "page", [text]]]},
    ("paths", "period"): lambda text: {"period": text},
    ("paths", "site_id"): lambda text: {"site_id": text},
    ("paths", "filters"): lambda text: {"filters": [["is_not", text, ["x"]]]},
}
ALWAYS = {("funnel", "steps"), ("retention", "start"), ("paths", "anchor")}


async def ask(service: Service, tenant: Tenant, report: str, body: Body) -> Answer:
    return await service.ask(
        f"/api/v1/reports/{report}", tenant.bearer(Kind.QUERY), method="POST", data=orjson.dumps(body)
    )


async def test_without_a_range_it_is_the_last_thirty_days(service: Service, tenant: Tenant) -> None:
    for report, body in BODIES.items():
        answer = await ask(service, tenant, report, body)
        assert answer.status == 200, answer.raw
        assert answer.body["data"]["period"] == "30d" or report == "retention"
    assert span_asked(Asked(from_="2026-11-01", timezone="Europe/Berlin")) == {
        "from": "2026-11-01",
        "timezone": "Europe/Berlin",
    }


@pytest.mark.parametrize("report", BODIES)
async def test_a_range_a_zone_and_a_site_that_are_wrong_are_named(
    service: Service, tenant: Tenant, stranger: Tenant, report: str
) -> None:
    wrong: list[tuple[Body, str]] = [
        ({"period": "1y"}, "period: '1y' is not one"),
        ({"from": "2026-11-02", "to": "2026-11-01"}, "from: must lie before to"),
        ({"to": "2026-11-01"}, "from: is required"),
        ({"period": "7d", "from": "2026-11-01"}, "period: give either"),
        ({"timezone": "Mars/Olympus"}, "timezone: 'Mars/Olympus' is not the name"),
        ({"bots": "maybe"}, "bots: "),
        ({"filters": [["is", "country", []]]}, "filters[0][2]: "),
        ({"filters": {"country": "DE"}}, "filters: "),
    ]
    for fields, said in wrong:
        answer = await ask(service, tenant, report, BODIES[report] | fields)
        assert (answer.status, said in answer.body["error"]) == (400, True), answer.raw
    refused = await ask(service, tenant, report, BODIES[report] | {"site_id": stranger.site})
    assert (refused.status, refused.body["error"]) == (403, "site_id: does not belong to this key's project.")


async def test_a_filter_may_be_of_what_people_did(service: Service, tenant: Tenant, warehouse: Client) -> None:
    start = moment.now_ms() - 3_600_000
    for number, name in enumerate(("cart", "help")):
        client_id = f"c{number}"
        for offset, one in enumerate(("a", "b", name)):
            store(warehouse, event(tenant.id, name=one, client_id=client_id, occurred_at=start + offset))
    body = BODIES["funnel"] | {"filters": [["has_done", ["is", "event", ["cart"]]]]}
    answer = await ask(service, tenant, "funnel", body)
    assert [step["count"] for step in answer.body["data"]["steps"]] == [1, 1]


@pytest.mark.parametrize("where", PLACES, ids="-".join)
async def test_hostile_text_finds_nothing_of_a_stranger_and_breaks_nothing(
    service: Service, tenant: Tenant, stranger: Tenant, warehouse: Client, where: tuple[str, str]
) -> None:
    secret = "nobody-knows"
    store(warehouse, *(event(stranger.id, name="a", client_id=f"c{number}", country=secret) for number in range(3)))
    for text in INJECTIONS[list(PLACES).index(where) % 3 :: 3]:  # the same all over again tells nothing new
        answer = await ask(service, tenant, where[0], PLACES[where](text))
        assert answer.status in ({200} if where in ALWAYS and 0 < len(text) <= 255 else {200, 400, 403}), text
        assert secret.encode() not in answer.raw
        if answer.status == 200:
            data = answer.body["data"]
            found = data.get("steps") or data.get("nodes") or data.get("cohorts")
            assert {one.get("count", one.get("visits", one.get("size"))) for one in found} <= {0}, text


async def test_events_of_any_name_are_found_by_it(service: Service, tenant: Tenant, warehouse: Client) -> None:
    names = sorted({text for text in INJECTIONS if 0 < len(text) <= 255})
    at = moment.now_ms() - 3_600_000
    store(
        warehouse,
        *(event(tenant.id, name=name, client_id="c1", occurred_at=at + place) for place, name in enumerate(names)),
    )
    for start in range(0, len(names) - 8, 8):
        some = names[start : start + 8]
        answer = await ask(service, tenant, "funnel", {"steps": [{"event": name} for name in some]})
        assert [step["count"] for step in answer.body["data"]["steps"]] == [1] * len(some), some


async def test_every_example_of_the_document_is_answered(service: Service, tenant: Tenant) -> None:
    written = (Path(__file__).parents[3] / "docs" / "reports.md").read_text()
    examples = re.findall(r"curl -s \"?\$HEADRACE_QUERY_URL(/[^ \"]+)\"? -H [^\n]+?(?:\\\n +-d '(.*)')?\n", written)
    assert [path.split("?")[0].rsplit("/")[-1] for path, _ in examples] == ["funnel", "retention", "paths", "top"]
    for path, body in examples:
        method, data = ("POST", body.encode()) if body else ("GET", None)
        answer = await service.ask(path, tenant.bearer(Kind.QUERY), method=method, data=data)
        assert answer.status == 200, (path, answer.raw)
