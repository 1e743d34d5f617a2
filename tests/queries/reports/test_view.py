"""Which events a report looks at: what is bound, and what is refused."""

import pytest

from ingest_api.projects.project import Project
from queries.errors import Refused
from queries.questions import spans
from queries.reports.view import View, view

OF = Project("shop", (), 0)


def looked(**asked: str) -> View:
    return view(asked, OF, spans.of_times(1000, 2000, spans.zone_of("UTC", ""), 3000, ""))


def test_nothing_that_was_asked_stands_in_the_text() -> None:
    found = looked(filter='["contains","page",["\'; DROP TABLE events"]]', bots="only")
    assert "DROP" not in found.where
    assert "'; DROP TABLE events" in found.binder.parameters.values()
    assert found.where.startswith("project = {project:String} AND bot != ''")
    assert found.binder.parameters["project"] == "shop"


def test_a_statement_has_the_condition_and_its_parameters() -> None:
    found = looked(filter="country==DE")
    statement = found.statement("SELECT 1 FROM events WHERE $where")
    assert statement.text == f"SELECT 1 FROM events WHERE {found.where}"
    assert "DE" in statement.parameters.values()
    found.binder.parameters["late"] = 1
    assert "late" not in statement.parameters


def test_people_can_be_told_by_what_they_did_in_the_same_span() -> None:
    found = looked(filter='["has_done",["is","event",["buy"]]]')
    assert found.where.count("{project:String}") >= 2
    assert {1000, 2000, "shop", "buy"} <= set(found.binder.parameters.values())


@pytest.mark.parametrize(("name", "value"), [("bots", "maybe"), ("filter", "[1"), ("filter", "entry_page==/")])
def test_a_wrong_parameter_is_refused(name: str, value: str) -> None:
    with pytest.raises(Refused) as refused:
        looked(**{name: value})
    assert refused.value.status == 400
    assert refused.value.message.startswith(name)
