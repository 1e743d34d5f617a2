"""The list of nodes: what must never be on it."""

from sqlglot import exp

from queries.sandbox.nodes import NODES, TYPES


def test_nothing_that_writes_or_runs_is_on_the_list() -> None:
    never = (exp.Command, exp.Insert, exp.Create, exp.Drop, exp.Into, exp.SetItem, exp.Columns, exp.Apply, exp.Describe)
    assert [kind for kind in never if kind in NODES] == []


def test_no_part_of_a_select_changes_settings_or_writes() -> None:
    assert not NODES[exp.Select] & {"settings", "format", "into", "sample", "locks", "prewhere", "hint"}
    assert not NODES[exp.Table] & {"db", "catalog", "sample", "joins", "laterals", "pivots"}


def test_every_part_is_one_that_the_node_has() -> None:
    assert {kind: parts - set(kind.arg_types) for kind, parts in NODES.items() if parts - set(kind.arg_types)} == {}


def test_states_are_no_type_of_a_value() -> None:
    assert not TYPES & {exp.DType.AGGREGATEFUNCTION, exp.DType.SIMPLEAGGREGATEFUNCTION, exp.DType.NESTED}
