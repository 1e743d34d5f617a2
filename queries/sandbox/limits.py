"""Limits of the sandbox: how long a text may be, what a statement may cost, and the settings that hold it to that."""

from collections.abc import Mapping

from queries.sandbox.views import BASES

#: of a text: bytes, tokens, and brackets within brackets
MAX_BYTES = 64 * 1024
MAX_TOKENS = 5_000
MAX_DEPTH = 24
#: of an answer
MAX_ROWS = 1_000_000
MAX_ANSWER_BYTES = 1 << 30

#: what one statement may cost; `readonly` and the time are set by the store for every question
_COSTS: Mapping[str, object] = {
    "max_result_rows": MAX_ROWS,
    "max_result_bytes": MAX_ANSWER_BYTES,
    "result_overflow_mode": "throw",
    "max_rows_to_read": 2_000_000_000,
    "max_bytes_to_read": 500_000_000_000,
    "read_overflow_mode": "throw",
    "max_memory_usage": 2_000_000_000,
    "max_threads": 4,
    "max_rows_in_join": 50_000_000,
    "max_bytes_in_join": 1_000_000_000,
    "max_rows_in_set": 50_000_000,
    "max_bytes_in_set": 1_000_000_000,
    "max_query_size": 1 << 20,
    "max_ast_depth": 500,
    "max_ast_elements": 50_000,
    "max_expanded_ast_elements": 500_000,
    "max_subquery_depth": 60,
    "function_range_max_elements_in_block": 1_000_000,
    "timeout_before_checking_execution_speed": 0,
}
#: what must mean the same on every server
_MEANINGS: Mapping[str, object] = {
    "allow_ddl": 0,
    "allow_introspection_functions": 0,
    "cancel_http_readonly_queries_on_client_close": 1,
    "do_not_merge_across_partitions_select_final": 1,
    "optimize_move_to_prewhere_if_final": 1,
    "join_use_nulls": 0,
    "session_timezone": "UTC",
    "use_query_cache": 0,
    "output_format_write_statistics": 0,
    "output_format_json_escape_forward_slashes": 0,
    "output_format_parquet_string_as_string": 1,
    "output_format_csv_serialize_tuple_into_separate_columns": 0,
    "output_format_json_quote_64bit_integers": 0,
    "output_format_json_quote_denormals": 0,
    "output_format_json_validate_utf8": 1,
    "date_time_output_format": "iso",
}


#: what PostgreSQL's dialect takes for granted: no match is NULL, and WHERE knows columns before aliases
_POSTGRES: Mapping[str, object] = {"join_use_nulls": 1, "prefer_column_name_to_alias": 1}


def settings(project: str, *, postgres: bool = False) -> dict[str, object]:
    """For one statement of a project: costs, meanings, and the second belt, which knows nothing of the text.

    ClickHouse adds the condition of `additional_table_filters` to every scan of these tables, also inside of views.
    """
    return {**_COSTS, **_MEANINGS, **(_POSTGRES if postgres else {}), "additional_table_filters": belt(project)}


def belt(project: str) -> str:
    """The map of `additional_table_filters`: each base table -> only rows of this project."""
    condition = _literal(f"project = {_literal(project)}")
    return "{" + ", ".join(f"{_literal(table)}: {condition}" for table in sorted(BASES)) + "}"


def _literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
