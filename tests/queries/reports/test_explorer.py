"""The explorer leads from events to their properties, and to the values of one; of one's own project alone."""

import orjson
import pytest
from clickhouse_connect.driver.client import Client

from ingest_api.projects.keys import Kind
from tests.queries.conftest import Answer, Params, Service, Tenant
from tests.queries.stored import event, store

pytestmark = pytest.mark.stack

PATH = "/api/v1/reports/explorer"


async def ask(service: Service, tenant: Tenant, params: Params) -> Answer:
    return await service.ask(PATH, tenant.bearer(Kind.QUERY), params)


async def test_one_goes_from_events_to_properties_to_values(
    service: Service, tenant: Tenant, stranger: Tenant, warehouse: Client
) -> None:
    for plan, price in (("pro", 3), ("pro", 4.5), ("free", None)):
        held = {"plan": plan, **({"price": price} if price else {})}
        for whose in (tenant, stranger):
            store(warehouse, event(whose.id, name="buy", client_id=plan, properties=orjson.dumps(held).decode()))
    store(warehouse, event(tenant.id, name="look"), event(stranger.id, name="theirs"))
    catalogued = [
        (tenant.id, "buy", name, kind, 3)
        for name, kind in (("plan", "string"), ("price", "integer"), ("it's", "string"))
    ]
    catalogued += [(stranger.id, "buy", "secret", "string", 9)]
    warehouse.command("INSERT INTO catalog_properties (project, name, property, type, events, day) VALUES "
                      + ", ".join(f"('{p}', '{n}', '{path.replace(chr(39), chr(39) * 2)}', '{t}', {c}, today())"
                                  for p, n, path, t, c in catalogued))  # fmt: skip
    first = (await ask(service, tenant, {})).body
    assert [(one["event"], one["events"], one["visitors"]) for one in first["data"]["events"]] == [
        ("buy", 3, 2),
        ("look", 1, 0),
    ]
    assert (first["data"]["count"], first["data"]["period"]) == (4, "24h")
    one = (await ask(service, tenant, {"limit": 1})).body["data"]
    assert ([each["event"] for each in one["events"]], one["count"]) == (["buy"], 4)
    second = (await ask(service, tenant, {"event": "buy"})).body
    assert second["data"]["properties"] == [
        {"property": "plan", "types": [{"type": "string", "events": 3}], "events": 3, "share": 1.0, "values": 2},
        {
            "property": "price",
            "types": [{"type": "integer", "events": 1}, {"type": "number", "events": 1}],
            "events": 2,
            "share": pytest.approx(2 / 3),
            "values": 2,
        },
    ]
    assert [warning.split(" ")[0] for warning in second["meta"]["warnings"]] == ["Properties"]
    third = (await ask(service, tenant, {"event": "buy", "property": "price"})).body["data"]["property"]
    assert (third["min"], third["max"], third["mean"]) == (3, 4.5, 3.75)
    assert [(one["value"], one["type"], one["events"]) for one in third["top"]] == [
        ("3", "number", 1),
        ("4.5", "number", 1),
    ]
    only_free = (
        await ask(service, tenant, {"event": "buy", "property": "plan", "filter": "properties.plan==free"})
    ).body
    assert [one["value"] for one in only_free["data"]["property"]["top"]] == ["free"]


async def test_of_what_is_not_there_nothing_is_told(service: Service, tenant: Tenant) -> None:
    events = (await ask(service, tenant, {})).body["data"]
    assert (events["count"], events["events"]) == (0, [])
    unknown = (await ask(service, tenant, {"event": "nothing"})).body["data"]
    assert (unknown["count"], unknown["properties"]) == (0, [])
    described = (await ask(service, tenant, {"event": "nothing", "property": "p"})).body["data"]["property"]
    assert (described["events"], described["share"], described["min"], described["top"]) == (0, None, None, [])


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"property": "p"}, "property: is of an event"),
        ({"event": "a", "property": "it's"}, "property: "),
        ({"event": "a\n"}, "event: "),
        ({"limit": "0"}, "limit: "),
        ({"period": "x"}, "period: "),
        ({"filter": "has_done"}, "filter: "),
        ({"site": "x"}, "'site' is not a parameter"),
    ],
)
async def test_a_wrong_parameter_is_named(service: Service, tenant: Tenant, params: Params, error: str) -> None:
    answer = await ask(service, tenant, params)
    assert answer.status == 400
    assert answer.body["error"].startswith(error)
