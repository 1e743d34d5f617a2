"""The routes of the demo: every act goes one way, in a form that the front door takes."""

import orjson
import pytest

from deploy.local.routes import ROUTES, Route, plan
from deploy.local.traffic import acts
from ingest_api import dialects

_ENV = {"HEADRACE_WRITE_KEY": "hr_write_x", "HEADRACE_SITE_ID": "site_abc123"}
_ACTS = acts(1, 503, 1_763_700_000_000)


def test_every_act_goes_exactly_one_way() -> None:
    dealt = [act.key for _, some in plan(_ACTS, ROUTES) for act in some]
    assert dealt == [act.key for act in _ACTS]


def test_no_request_is_larger_than_its_route_allows_and_every_route_is_used() -> None:
    requests = list(plan(_ACTS, ROUTES))
    assert all(0 < len(some) <= route.batch for route, some in requests)
    assert {route.name for route, _ in requests} == {route.name for route in ROUTES}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_a_request_carries_the_write_key_and_all_its_acts(route: Route) -> None:
    some = _ACTS[: route.batch]
    request = route.build(some, _ENV)
    assert "hr_write_x" in str(request.headers)
    told = f"{request.headers}{request.body.decode()}"
    assert all(act.key in told and act.name in told for act in some)


def test_every_dialect_of_the_front_door_is_spoken() -> None:
    paths = {route.build(_ACTS[:1], _ENV).path for route in ROUTES}
    assert all(paths & set(dialect.routes) for dialect in dialects.load())


def test_the_intake_forms_are_one_event_an_array_an_object_and_lines() -> None:
    by_name = {route.name: route.build(_ACTS[: min(route.batch, 3)], _ENV).body for route in ROUTES}
    one = orjson.loads(by_name["intake one"])
    assert one["event_type"] == _ACTS[0].name
    assert one["occurred_at"].endswith("+00:00")
    assert len(orjson.loads(by_name["intake array"])) == 3
    assert len(orjson.loads(by_name["intake object"])["events"]) == 3
    assert [orjson.loads(line)["idempotency_key"] for line in by_name["intake lines"].splitlines()] == [
        act.key for act in _ACTS[:3]
    ]
