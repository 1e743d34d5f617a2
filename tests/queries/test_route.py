"""A call knows whose events are asked about."""

import pytest

from ingest_api.access import Access
from ingest_api.projects.keys import Kind
from ingest_api.projects.project import Project
from queries.route import Call


def test_the_project_comes_from_the_key() -> None:
    shop = Project("shop", (), 1)
    assert Call(Access(shop, frozenset({Kind.QUERY}), "id"), {"id": "other"}, {}).project is shop


@pytest.mark.parametrize("access", [None, Access(None, frozenset({Kind.ADMIN}), "id")])
def test_without_a_project_there_is_nothing_to_ask_about(access: Access | None) -> None:
    with pytest.raises(RuntimeError, match="without a project"):
        _ = Call(access, {}, {}).project
