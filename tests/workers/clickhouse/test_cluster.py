"""How tables lie on a cluster."""

import re

import pytest

from workers import migrate
from workers.clickhouse import cluster
from workers.clickhouse.cluster import Cluster, Unknown

MAIN = Cluster("main", "headrace")


def keys() -> dict[str, str]:
    """Table of the schema -> its sort key, by which rows are one."""
    made = re.compile(r"CREATE TABLE IF NOT EXISTS (\w+)[^;]*?ORDER BY ([^\n;]+)")
    text = ";\n".join(one.text for one in migrate.migrations())
    return dict(made.findall(text))


@pytest.mark.parametrize(("table", "key"), keys().items())
def test_rows_that_are_one_meet_on_one_shard(table: str, key: str) -> None:
    """The shard is chosen by columns of the sort key alone."""
    assert set(re.findall(r"\w+", cluster.hashed(table))) <= set(re.findall(r"\w+", key))


def test_every_table_of_the_schema_has_its_place() -> None:
    assert cluster.SHARDED.keys() - {"schema_migrations"} == keys().keys()


def test_a_table_beside_lies_as_the_one_it_is_beside() -> None:
    assert cluster.hashed("events_again_12") == cluster.hashed("events")
    assert cluster.hashed("rejected_events_again_0") == cluster.hashed("rejected_events")


def test_some_tables_are_a_node_s_own_and_what_is_erased_is_on_every_node() -> None:
    assert {name: (cluster.hashed(name), cluster.whole(name)) for name in ("events_probe", "erasing_ab12")} == {
        "events_probe": ("", False),
        "erasing_ab12": ("", True),
    }


def test_of_a_new_table_somebody_has_to_decide() -> None:
    with pytest.raises(Unknown, match="How the table visits lies on a cluster is not decided"):
        cluster.hashed("visits")


def test_what_a_view_says_of_its_node_is_said_of_all() -> None:
    assert MAIN.everywhere("SELECT local FROM headrace.events_local, `headrace`.`hour_marks_local`") == (
        "SELECT local FROM headrace.events, `headrace`.`hour_marks`"
    )
    assert MAIN.everywhere("SELECT 1 FROM elsewhere.events_local") == "SELECT 1 FROM elsewhere.events_local"


def test_system_tables_are_asked_of_every_node_about_its_own_tables() -> None:
    asked = "SELECT count() FROM system.parts WHERE database = currentDatabase() AND table IN ('events', 'erasing_a')"
    assert MAIN.system(asked) == (
        "SELECT count() FROM clusterAllReplicas('main', system.parts) "
        "WHERE database = 'headrace' AND table IN ('events_local', 'erasing_a')"
    )


@pytest.mark.parametrize("name", ["", "main", "eu-1", "A_b"])
def test_names_of_clusters(name: str) -> None:
    assert cluster.checked(name) == name


@pytest.mark.parametrize("name", ["1st", "a b", "a`b", "a'b", "{cluster}", "x" * 65])
def test_what_is_no_name_of_a_cluster_is_told(name: str) -> None:
    with pytest.raises(ValueError, match="must be the name of a cluster"):
        cluster.checked(name)
