"""People of hours that were rolled up before anybody knew who is who."""

import itertools
import uuid
from zoneinfo import ZoneInfo

import pytest
from clickhouse_connect.driver.client import Client

from queries.questions import dimensions, measures, select
from queries.questions.question import Question
from queries.questions.spans import Span
from tests.queries.stored import event, store
from tests.workers.rolling import roll

pytestmark = pytest.mark.stack

HOUR = 3_600_000
START = 1_767_279_600_000
_projects = itertools.count()
_run = uuid.uuid4().hex[:8]


class Project:
    """Six hours that can be rolled up, and one that is not yet."""

    def __init__(self, warehouse: Client, clickhouse_url: str, redis_url: str) -> None:
        self.name = f"people-{_run}-{next(_projects)}"
        self._warehouse = warehouse
        self._urls = clickhouse_url, redis_url

    def happens(self, hour: int, client_id: str = "", user_id: str = "", name: str = "click") -> None:
        fields = {"client_id": client_id, "user_id": user_id, "name": name}
        store(self._warehouse, event(self.name, occurred_at=START + hour * HOUR, **fields))

    def roll(self) -> None:
        roll(*self._urls)

    def decide(self, client_id: str, user_id: str) -> None:
        columns = ["project", "client_id", "user_id", "decided_at", "key_id"]
        row = [self.name, client_id, user_id, START + next(_projects), "k"]
        self._warehouse.insert("identity_overrides", [row], column_names=columns)

    def people(self, *by: str) -> dict[str, int]:
        """How many, by a dimension or under an empty name."""
        span = Span(START, START + 7 * HOUR, "", ZoneInfo("UTC"))
        some = tuple(dimensions.find(one, "by") for one in by)
        statement = select.rows(Question(self.name, (measures.find("unique_users", "metrics"),), span, some))
        assert "rollup_hours" in statement.text
        found = self._warehouse.query(statement.text, parameters=statement.parameters).result_rows
        return {str(row[0]) if some else "": int(row[-1]) for row in found}


@pytest.fixture
def project(warehouse: Client, clickhouse_url: str, redis_url: str) -> Project:
    """Nobody was there yet."""
    return Project(warehouse, clickhouse_url, redis_url)


def test_a_link_that_comes_after_the_rollup_makes_one_of_two(project: Project) -> None:
    project.happens(0, "phone")
    project.happens(1, "laptop")
    project.happens(2, user_id="ada")
    project.roll()
    assert project.people() == {"": 3}
    project.happens(6, "phone", "ada", "identify")
    assert project.people() == {"": 2}
    project.decide("laptop", "ada")
    assert project.people() == {"": 1}
    project.decide("phone", "")
    assert project.people() == {"": 2}
    project.roll()
    assert project.people() == {"": 2}


def test_a_user_who_has_no_number_yet_is_one_with_what_is_linked_to_her(project: Project) -> None:
    project.happens(0, "phone")
    project.happens(0, "laptop")
    project.roll()
    project.decide("phone", "ada")
    project.decide("laptop", "ada")
    assert project.people() == {"": 1}
    project.happens(6, "tablet", "ada")
    assert project.people() == {"": 1}
    project.happens(6, "phone")
    project.happens(6, "watch")
    assert project.people() == {"": 2}
    project.decide("watch", "bob")
    assert project.people() == {"": 2}
    project.roll()
    assert project.people() == {"": 2}


def test_who_is_who_is_asked_once_in_a_statement() -> None:
    span = Span(START, START + 7 * HOUR, "", ZoneInfo("UTC"))
    statement = select.rows(Question("p", (measures.find("unique_users", "metrics"),), span))
    assert statement.text.count("FROM identities(") == 1


def test_each_group_has_its_own_people(project: Project) -> None:
    project.happens(0, "phone", name="buy")
    project.happens(1, user_id="ada", name="buy")
    project.happens(2, "phone")
    project.happens(3, "other")
    project.roll()
    assert project.people("event") == {"buy": 2, "click": 2}
    project.decide("phone", "ada")
    assert project.people("event") == {"buy": 1, "click": 2}
    assert project.people() == {"": 2}
