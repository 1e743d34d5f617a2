"""Friendly statements in PostgreSQL's dialect over the shop of tenants.py, and their rows."""

from typing import Any

POSTGRES: list[tuple[str, list[list[Any]]]] = [
    ("SELECT COUNT(*) FROM public.events", [[10]]),
    (
        "SELECT Event_Name, count(*) FROM Events GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 2",
        [["page_view", 6], ["add_to_cart", 2]],
    ),
    (
        "SELECT properties->>'price', (properties->>'price')::numeric * 2 FROM events WHERE name = 'purchase'",
        [["10", 20.0]],
    ),
    (
        "SELECT properties->'item', properties->'item'->>'sku', properties #>> '{item,tags,1}', properties->'nope' "
        "FROM events WHERE name = 'purchase'",
        [['{"sku":"s3","tags":["a","t0"]}', "s3", "t0", None]],
    ),
    ("SELECT sum((properties->>'price')::float) FROM events WHERE name = 'nothing'", [[None]]),
    (
        "SELECT date_trunc('hour', created_at) AS t, count(*) FROM events WHERE created_at >= '2026-11-20T13:00:00Z' "
        "GROUP BY t ORDER BY t",
        [["2026-11-20T13:00:00.000Z", 3], ["2026-11-20T14:00:00.000Z", 2]],
    ),
    (
        "SELECT extract(epoch from max(created_at) - min(created_at))::int, extract(dow from max(created_at)) "
        "FROM events",
        [[7260, 5]],
    ),
    ("SELECT to_char(min(created_at), 'YYYY-MM-DD HH24:MI') FROM events", [["2026-11-20 12:00"]]),
    ("SELECT count(*) FILTER (WHERE name = 'purchase'), count(DISTINCT client_id) FROM events", [[1, 3]]),
    (
        "SELECT DISTINCT ON (client_id) client_id, path FROM events ORDER BY client_id, created_at DESC",
        [["ann", ""], ["bob", "/2"], ["cyd", "/1"]],
    ),
    (
        "SELECT client_id, lag(path) OVER (PARTITION BY client_id ORDER BY created_at) FROM events "
        "WHERE client_id = 'cyd' ORDER BY 2 NULLS FIRST",
        [["cyd", None], ["cyd", "/0"]],
    ),
    (
        "SELECT e.name, u.user_id FROM events e LEFT JOIN users u ON u.user_id = e.user_id WHERE e.client_id = 'cyd'",
        [["page_view", None], ["page_view", None]],
    ),
    ("SELECT count(*) FROM events WHERE name ILIKE 'PURCH%' OR name ~ '^add' OR name = ANY(ARRAY['identify'])", [[4]]),
    (
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY (properties->>'price')::numeric) FROM events "
        "WHERE name = 'page_view'",
        [[20.0]],
    ),
    (
        "SELECT string_agg(client_id, ',') FROM (SELECT DISTINCT client_id FROM events ORDER BY client_id) AS c",
        [["ann,bob,cyd"]],
    ),
    (
        "WITH c AS (SELECT client_id, count(*) AS n FROM events GROUP BY client_id) SELECT max(n), min(n) FROM c",
        [[5, 2]],
    ),
    ("SELECT 'b' AS k, count(*) FROM users UNION ALL SELECT 'a', count(*) FROM events ORDER BY k LIMIT 1", [["a", 10]]),
    ("SELECT name = 'purchase', 1 < 2, NOT true FROM events WHERE name = 'purchase'", [[True, True, False]]),
    (
        "SELECT upper(name), substring(name FROM 1 FOR 3), split_part(name, '_', 2), length('zwölf') FROM events "
        "WHERE name = 'add_to_cart' LIMIT 1",
        [["ADD_TO_CART", "add", "to", 5]],
    ),
    (
        "SELECT '2026-11-20'::date + 1, timestamp '2026-11-20 10:00' + interval '1 day 2 hours', 'x' || 1",
        [["2026-11-21", "2026-11-21T12:00:00.000000Z", "x1"]],
    ),
    (
        'SELECT "public"."events"."name" AS "name" FROM "public"."events" WHERE "public"."events"."path" = \'/3\'',
        [["purchase"]],
    ),
]
