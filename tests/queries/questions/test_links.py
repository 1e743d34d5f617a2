"""Questions about who is who bind the project and everything else."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.questions import links
from queries.sql import Statement

TEXT = st.text(min_size=1)


def questions(project: str, name: str, limit: int) -> list[Statement]:
    return [
        links.identities(project, name, limit),
        links.claims(project, name),
        links.decision(project, name),
        links.obstacles(project, name),
        links.seen(project, name),
        links.events_of(project, name),
        links.client_ids(project, name, limit),
        links.traits(project, name),
    ]


@given(TEXT, TEXT, st.integers())
def test_no_value_stands_in_the_text(project: str, name: str, limit: int) -> None:
    for statement, usual in zip(questions(project, name, limit), questions("p", "n", 1), strict=True):
        assert statement.text == usual.text
        assert statement.parameters.keys() == set(re.findall(r"\{(\w+):\w+\}", statement.text))


@pytest.mark.parametrize("statement", questions("shop", "c1", 1))
def test_every_table_and_view_is_read_for_one_project(statement: Statement) -> None:
    scans = re.findall(
        r"FROM (events|sightings|identities|identity_claims|identity_overrides|user_traits)", statement.text
    )
    assert scans
    assert len(re.findall(r"project ?= ?\{project:String\}", statement.text)) == len(scans)
    assert statement.parameters["project"] == "shop"
