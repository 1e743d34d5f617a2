"""A cluster of ClickHouse servers: how each table lies on it, and what a session on it says. docs/scale.md draws it.

A sharded table has its rows in `<name>_local`, a replicated table on each node, and under its own name a Distributed
table over those: statements that read and insert stay as they are.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator

#: table -> columns of the hash that chooses a row's shard: part of what makes two rows one, so that equal rows meet
SHARDED: Mapping[str, str] = {
    "events": "project, event_id",  # a repeated event replaces its row, in whatever batch it comes
    "rejected_events": "project, _shard, _stream_ms, _stream_seq, _index",  # what is redriven replaces its row
    "ledger": "project, minute",  # a line that is copied again replaces itself
    # the views fill these where the events are: an id has a row on several nodes, and min and max of them are exact
    "identity_claims": "project, client_id",
    "user_traits": "project, user_id",
    "sightings": "project, user_id, client_id",
    "hour_marks": "project, hour",  # the same: sums of sums
    "identity_overrides": "project, client_id",  # the last word replaces the one before
    "catalog_events": "project, name",
    "catalog_properties": "project, name",
    "closed_hours": "project, hour",  # the last version of an hour replaces the one before
    "rollup_hours": "project, hour",  # nothing is replaced; an hour's rows lie together
    "closed_stretches": "project, stretch",
    "rolled_sessions": "project, stretch",
    "visitor_numbers": "project",  # one insert is one block under one token: on one node, whole or not at all
    "schema_migrations": "name",
}
#: each node has its own: nothing is kept in them, or nobody asks another node
_OF_NODE = frozenset({"events_probe", "schema_lock"})
#: whole on every node, because rewrites look things up in it: what an erasure looks for
_EVERYWHERE = re.compile(r"erasing_\w+")
#: tables beside (`workers/attach.py`) lie as the one they are beside
_BESIDE = re.compile(r"_again_\d+$")
#: views that other views read
VIEWS = frozenset({"placeholder_ids"})
_LOCAL = "_local"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
#: by this the client of a session tells its cluster; without parallel replicas ClickHouse makes nothing of it
MARK = "cluster_for_parallel_replicas"


class Unknown(ValueError):
    """A statement or table of which nobody has decided what it is on a cluster."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster of the server's configuration, and Headrace's database on it."""

    name: str
    database: str

    def full(self, table: str) -> str:
        """The name of a table with its database: another node need not be in this one."""
        return f"`{self.database}`.{table}"

    def everywhere(self, text: str) -> str:
        """What a view says of its own node, said of all: `as_select` of system.tables and the like."""
        return re.sub(rf"\b({re.escape(self.database)}`?\.`?\w+?){_LOCAL}\b", r"\1", text)

    def system(self, text: str) -> str:
        """A question about system tables, asked of all nodes. `erase_sql.of` names the tables."""
        asked = re.sub(r"\bsystem\.(\w+)", rf"clusterAllReplicas('{self.name}', system.\1)", text)
        asked = asked.replace("currentDatabase()", f"'{self.database}'")
        return re.sub(r"'(\w+)'", lambda one: f"'{local(one[1])}'" if one[1] in SHARDED else one[0], asked)


def checked(name: str) -> str:
    """The name of a setting. Raises `ValueError` where it is none."""
    if name and not _NAME.fullmatch(name):
        raise ValueError("must be the name of a cluster in ClickHouse's remote_servers: letters, digits, - and _")
    return name


def session(name: str) -> dict[str, str | int]:
    """What every statement of a session on a cluster is sent with. docs/scale.md says why."""
    return {
        MARK: name,
        # an insert is answered when each shard has its rows, and on each shard most of the replicas
        "distributed_foreground_insert": 1,
        "insert_quorum": "auto",
        "insert_quorum_timeout": 20_000,
        # of each shard the first replica that answers, for everybody: who reads sees what was written
        "load_balancing": "in_order",
        "prefer_localhost_replica": 0,
        # a subquery is asked once, of all shards, and its answer sent to them
        "distributed_product_mode": "global",
        "parallel_distributed_insert_select": 0,
        # what is deleted is deleted on all replicas; what a deletion looks up, each of them does
        "mutations_sync": 2,
        "allow_nondeterministic_mutations": 1,
        "distributed_ddl_output_mode": "throw",
    }


def local(table: str) -> str:
    """Of a sharded table the one that has a node's rows."""
    return f"{table}{_LOCAL}"


def hashed(table: str) -> str:
    """The columns that choose the shard of a row; empty for a table that is not sharded. Raises `Unknown`."""
    if table in _OF_NODE or whole(table):
        return ""
    found = SHARDED.get(_BESIDE.sub("", table))
    if found is None:
        where = "workers/clickhouse/cluster.py"
        raise Unknown(f"How the table {table} lies on a cluster is not decided: add it to {where}.")
    return found


def whole(table: str) -> bool:
    """Whether each node has all of it."""
    return _EVERYWHERE.fullmatch(table) is not None


#: a setting that names the cluster; empty: there is none
Name = Annotated[str, AfterValidator(checked)]
