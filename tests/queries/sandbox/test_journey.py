"""Friendly SQL, as analysts write it: each statement over a known shop, and the figures worked out by hand."""

from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from queries.sandbox.views import VIEWS
from tests.queries.conftest import Service, Tenant
from tests.queries.sandbox.postgres_asked import POSTGRES
from tests.queries.sandbox.tenants import ask, fill, reject, shop
from tests.queries.stored import store

pytestmark = pytest.mark.stack

#: statement -> rows, each as its values. The shop: ann with 2 views, a cart, a purchase (price 10) and an identify; bob
#: with 2 views and a cart (20); cyd with 2 views (30)
CLICKHOUSE: list[tuple[str, list[list[Any]]]] = [
    ("SELECT count() FROM events", [[10]]),
    ("SELECT count(*) AS n FROM events FINAL", [[10]]),
    (
        "SELECT name, count() AS n FROM events GROUP BY name ORDER BY n DESC, name",
        [["page_view", 6], ["add_to_cart", 2], ["identify", 1], ["purchase", 1]],
    ),
    ("SELECT event_name FROM events WHERE client_id = 'cyd'", [["page_view"], ["page_view"]]),
    ("SELECT uniqExact(client_id), uniq(client_id) FROM events", [[3, 3]]),
    ("SELECT sum(properties.price::Float64) FROM events WHERE name = 'page_view'", [[120.0]]),
    ("SELECT max(properties.price.:Int64) FROM events", [[30]]),
    ("SELECT properties.item.sku FROM events WHERE name = 'purchase'", [["s3"]]),
    ("SELECT toString(properties.^item) FROM events WHERE name = 'purchase'", [['{"sku":"s3","tags":["a","t0"]}']]),
    (
        "SELECT JSONExtractString(toJSONString(properties), 'item', 'tags', 2) FROM events WHERE name = 'purchase'",
        [["t0"]],
    ),
    ("SELECT quantileExactInclusive(0.5)(properties.price::Float64) FROM events WHERE name = 'page_view'", [[20.0]]),
    ("SELECT quantiles(0, 1)(properties.price::Float64) FROM events WHERE name = 'page_view'", [[[10.0, 30.0]]]),
    (
        "SELECT country, uniqExact(client_id) FROM events WHERE country != '' GROUP BY ALL ORDER BY 1",
        [["DE", 2], ["FR", 1]],
    ),
    (
        "SELECT toStartOfHour(occurred_at) AS h, count() FROM events GROUP BY h ORDER BY h",
        [["2026-11-20T12:00:00Z", 5], ["2026-11-20T13:00:00Z", 3], ["2026-11-20T14:00:00Z", 2]],
    ),
    ("SELECT countIf(name = 'purchase') / uniqExact(client_id) AS rate FROM events", [[1 / 3]]),
    ("SELECT count() FILTER (WHERE name = 'purchase') FROM events", [[1]]),
    ("SELECT name FROM events WHERE path LIKE '/2%' AND client_id = 'bob'", [["add_to_cart"]]),
    ("SELECT count() FROM events WHERE name IN ('purchase', 'add_to_cart')", [[3]]),
    ("SELECT count() FROM events WHERE name NOT IN ('page_view')", [[4]]),
    ("SELECT count() FROM events WHERE client_id IN (SELECT client_id FROM events WHERE name = 'purchase')", [[5]]),
    ("SELECT count() FROM events WHERE occurred_at BETWEEN '2026-11-20 13:00:00' AND '2026-11-20 13:59:59'", [[3]]),
    (
        "WITH buyers AS (SELECT DISTINCT client_id FROM events WHERE name = 'purchase') "
        "SELECT count() FROM events JOIN buyers USING (client_id)",
        [[5]],
    ),
    (
        "WITH carts AS (SELECT client_id FROM events WHERE name = 'add_to_cart'), "
        "views AS (SELECT client_id, count() AS n FROM events WHERE is_page_view GROUP BY client_id) "
        "SELECT views.client_id, n FROM views LEFT ANTI JOIN carts USING (client_id)",
        [["cyd", 2]],
    ),
    (
        "WITH 2 AS least_views SELECT client_id FROM events WHERE is_page_view GROUP BY client_id "
        "HAVING count() >= least_views ORDER BY 1",
        [["ann"], ["bob"], ["cyd"]],
    ),
    (
        "WITH (SELECT count() FROM events) AS total SELECT round(count() / total, 2) FROM events WHERE is_page_view",
        [[0.6]],
    ),
    (
        "SELECT client_id, row_number() OVER (PARTITION BY client_id ORDER BY occurred_at) AS k FROM events "
        "WHERE name = 'page_view' ORDER BY 1, 2",
        [["ann", 1], ["ann", 2], ["bob", 1], ["bob", 2], ["cyd", 1], ["cyd", 2]],
    ),
    (
        "SELECT name, count() OVER () AS n FROM events WHERE client_id = 'cyd' "
        "QUALIFY row_number() OVER (ORDER BY path) = 1",
        [["page_view", 2]],
    ),
    (
        "SELECT lagInFrame(name) OVER w FROM events WHERE client_id = 'bob' "
        "WINDOW w AS (ORDER BY occurred_at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) ORDER BY occurred_at",
        [[""], ["page_view"], ["page_view"]],
    ),
    ("SELECT sum(n) FROM (SELECT count() AS n FROM events GROUP BY name)", [[10]]),
    (
        "SELECT * FROM (SELECT 'a' AS k, count() FROM events UNION ALL SELECT 'b', count() FROM users) ORDER BY k",
        [["a", 10], ["b", 1]],
    ),
    ("SELECT name FROM events INTERSECT SELECT 'purchase'", [["purchase"]]),
    (
        "SELECT DISTINCT name FROM events EXCEPT SELECT arrayJoin(['page_view', 'identify', 'purchase'])",
        [["add_to_cart"]],
    ),
    ("SELECT arrayMap(x -> x * 2, [1, 2]), arrayFilter((x, y) -> y > 1, ['a', 'b'], [1, 2])", [[[2, 4], ["b"]]]),
    (
        "SELECT tag, count() FROM events ARRAY JOIN CAST(properties.item.tags, 'Array(String)') AS tag "
        "WHERE name = 'page_view' GROUP BY tag ORDER BY tag",
        [["a", 6], ["t0", 2], ["t1", 2], ["t2", 2]],
    ),
    ("SELECT arrayJoin(range(3)) AS x, x * x AS y", [[0, 0], [1, 1], [2, 4]]),
    ("SELECT map('a', 1)['a'], (1, 'x').2, [7, 8][-1]", [[1, "x", 8]]),
    (
        "SELECT CASE WHEN country = 'DE' THEN 'home' ELSE 'away' END AS c, uniqExact(client_id) FROM events "
        "WHERE country != '' GROUP BY c ORDER BY c",
        [["away", 1], ["home", 2]],
    ),
    ("SELECT multiIf(1 > 2, 'a', 2 > 1, 'b', 'c'), if(1, 'x', 'y'), 1 ? 'p' : 'q'", [["b", "x", "p"]]),
    ("SELECT dateDiff('hour', min(occurred_at), max(occurred_at)) FROM events", [[2]]),
    (
        "SELECT toDate(occurred_at) AS d, toDayOfWeek(d), formatDateTime(d, '%d.%m.%Y') FROM events GROUP BY d",
        [["2026-11-20", 5, "20.11.2026"]],
    ),
    ("SELECT toHour(toTimeZone(min(occurred_at), 'Asia/Tokyo')) FROM events", [[21]]),
    (
        "SELECT toDateTime('2026-01-31 00:00:00') + INTERVAL 1 MONTH, toDate('2026-03-01') - INTERVAL '1' DAY",
        [["2026-02-28T00:00:00Z", "2026-02-28"]],
    ),
    (
        "SELECT extract(YEAR FROM toDate('2026-05-06')), EXTRACT('ab12', '[0-9]+'), trim(BOTH 'x' FROM 'xax')",
        [[2026, "12", "a"]],
    ),
    (
        "SELECT domain(url), path(url), cutQueryString('https://a.b/c?d=1') FROM events WHERE path = '/3'",
        [["shop.example", "/3", "https://a.b/c"]],
    ),
    ("SELECT argMax(name, occurred_at) FROM events WHERE client_id = 'ann'", [["identify"]]),
    (
        "SELECT groupArray(name) FROM (SELECT name FROM events WHERE client_id = 'bob' ORDER BY occurred_at)",
        [[["page_view", "page_view", "add_to_cart"]]],
    ),
    ("SELECT topK(1)(name) FROM events", [[["page_view"]]]),
    (
        "SELECT windowFunnel(86400)(toDateTime(occurred_at), name = 'page_view', name = 'add_to_cart', "
        "name = 'purchase') AS f "
        "FROM events GROUP BY client_id ORDER BY f",
        [[1], [2], [3]],
    ),
    ("SELECT name, count() FROM events GROUP BY name WITH ROLLUP ORDER BY 2 DESC LIMIT 1", [["", 10]]),
    (
        "SELECT name FROM events ORDER BY name LIMIT 1 BY name",
        [["add_to_cart"], ["identify"], ["page_view"], ["purchase"]],
    ),
    (
        "SELECT DISTINCT ON (client_id) client_id, path FROM events WHERE name = 'page_view' ORDER BY client_id, path",
        [["ann", "/0"], ["bob", "/0"], ["cyd", "/0"]],
    ),
    ("SELECT client_id FROM events GROUP BY client_id ORDER BY count() DESC LIMIT 1 OFFSET 1", [["bob"]]),
    ("SELECT * EXCEPT (properties) FROM events WHERE 0", []),
    (
        "SELECT e.client_id FROM events AS e JOIN events AS f ON e.client_id = f.client_id AND f.name = 'purchase' "
        "WHERE e.name = 'add_to_cart'",
        [["ann"]],
    ),
    (
        "SELECT session, events, page_views, bounced FROM sessions ORDER BY session",
        [["c:ann", 5, 2, 0], ["c:bob", 3, 2, 0], ["c:cyd", 2, 2, 0]],
    ),
    (
        "SELECT entry_page, exit_page, duration FROM sessions WHERE started_at >= '2026-11-20 12:30:00' "
        "AND started_at < toDateTime('2026-11-20 13:30:00')",
        [["/0", "/1", 120.0]],
    ),
    (
        "SELECT s.session, count() FROM sessions AS s JOIN events AS e ON e.visitor = s.visitor "
        "WHERE s.started_at > '2026-11-20 13:30:00' GROUP BY s.session",
        [["c:cyd", 2]],
    ),
    ("SELECT count() FROM sessions WHERE started_at > now() + INTERVAL 1 YEAR", [[0]]),
    ("SELECT user_id, client_ids, traits.plan, traits.age FROM users", [["u-ann", ["ann"], "gold", 41]]),
    ("SELECT first_seen, last_seen FROM users", [["2026-11-20T12:00:00.000Z", "2026-11-20T12:10:00.000Z"]]),
    (
        "SELECT u.user_id, count() FROM users AS u JOIN events AS e ON has(u.client_ids, e.client_id) GROUP BY 1",
        [["u-ann", 5]],
    ),
    ("SELECT reason, name, redriven_at FROM rejected_events", [["mine", "mine", None]]),
    ("SELECT 1 WHERE EXISTS (SELECT 1 FROM rejected_events)", [[1]]),
    ("SELECT count() AS events FROM events WHERE events.name = 'purchase'", [[1]]),
    (
        "SELECT NULL IS NULL, 1 IS NOT NULL, coalesce(NULL, 2), nullIf(1, 1), 7 DIV 2, 7 % 2, -(-3), NOT 1",
        [[1, 1, 2, None, 3, 1, 3, 0]],
    ),
    ("/* what */ SELECT 1 -- is this\n, 2 # about\n;", [[1, 2]]),
    ("FROM events SELECT count() WHERE name = 'purchase'", [[1]]),
    ("SELECT count() AS `how many?` FROM events", [[10]]),
    (
        "SELECT $$it's$$ AS a, 'it''s' AS b, 'it\\'s' AS c, 'back\\\\slash' AS d, 'zwölf 🜂' AS e",
        [["it's", "it's", "it's", "back\\slash", "zwölf 🜂"]],
    ),
]


@pytest.fixture
async def filled(tenant: Tenant, stranger: Tenant, warehouse: Client) -> Tenant:
    """The shop, and somebody else's rows beside it."""
    store(warehouse, *shop(tenant.id))
    reject(warehouse, tenant.id, "mine")
    fill(warehouse, stranger.id)
    return tenant


async def _wrong(
    service: Service, tenant: Tenant, asked: list[tuple[str, list[list[Any]]]], dialect: str
) -> dict[str, object]:
    """Statements and what came back, where it is not what was expected."""
    wrong: dict[str, object] = {}
    for sql, rows in asked:
        answer = await ask(service, tenant, sql, dialect=dialect)
        found = [list(row.values()) for row in answer.body["data"]] if answer.status == 200 else answer.raw
        if found != rows:
            wrong[sql] = found
    return wrong


async def test_what_analysts_ask_in_clickhouse_is_answered(service: Service, filled: Tenant) -> None:
    assert await _wrong(service, filled, CLICKHOUSE, "clickhouse") == {}


async def test_what_tools_ask_in_postgres_is_answered(service: Service, filled: Tenant) -> None:
    assert await _wrong(service, filled, POSTGRES, "postgres") == {}


async def test_sixty_statements_are_asked_at_least() -> None:
    assert len({sql for sql, _ in (*CLICKHOUSE, *POSTGRES)}) >= 80


async def test_every_public_column_can_be_read(service: Service, filled: Tenant) -> None:
    for view in VIEWS.values():
        answer = await ask(service, filled, f"SELECT * FROM {view.name}")
        told = {one["name"]: one["type"] for one in answer.body["meta"]}
        assert told == {column.name: column.type for column in view.columns}, view.name
        assert answer.body["rows"] > 0, view.name
        named = ", ".join(column.name for column in view.columns)
        assert (await ask(service, filled, f"SELECT {named} FROM {view.name}")).body["data"] == answer.body["data"]
