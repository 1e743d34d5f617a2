"""The list of functions: what is on it, what never may be, and that the engine knows each."""

import pytest
from clickhouse_connect.driver.client import Client

from queries.sandbox import functions

_NEVER = """
    file url s3 remote cluster input executable sleep sleepEachRow throwIf hostName currentUser getSetting getMacro
    dictGet dictGetString joinGet hasColumnInTable catboostEvaluate evalMLMethod addressToLine demangle serverUUID
    version uptime queryID in notIn globalIn nullIn arrayReduce initializeAggregation finalizeAggregation
    runningAccumulate reinterpret encrypt decrypt randomString repeat space generateRandomStructure aiGenerate chdb
    formatRow structureToProtobufSchema showCertificate view merge numbers currentDatabase user aggThrow flameGraph
    accurateCastOrDefault variantElement multiMatchAny getSubcolumn indexHint ignore logTrace isConstant sumState
    sumMerge countMergeState uniqSimpleState sumResample
"""
NEVER = _NEVER.split()


def test_what_reads_waits_or_tells_of_the_server_is_on_no_list() -> None:
    assert [name for name in NEVER if functions.known(name)] == []


def test_letters_of_either_case_are_known() -> None:
    assert functions.known("COUNT")
    assert functions.known("toStartOfHour")
    assert not functions.known("")


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("count", ("count", [])),
        ("uniqExactIfOrNull", ("uniqExact", ["If", "OrNull"])),
        ("sumMap", ("sumMap", [])),
        ("quantilesTDigestArrayIf", ("quantilesTDigest", ["Array", "If"])),
        ("sumIfIfIfIf", None),
        ("If", None),
        ("lower", None),
    ],
)
def test_aggregates_are_told_from_their_combinators(name: str, parts: object) -> None:
    assert functions.aggregate(name) == parts


@pytest.mark.stack
def test_the_engine_knows_each_that_it_does_not_parse_itself(warehouse: Client) -> None:
    """By its grammar alone: date_add and its like, grouping; combinators: sumMap."""
    grammar = {"date_add", "date_sub", "dateadd", "datesub", "timestamp_add", "timestamp_sub", "grouping", "untuple"}
    known = {str(row[0]).lower() for row in warehouse.query("SELECT name FROM system.functions").result_rows}
    named = functions.ROW_FUNCTIONS | functions.WHOLE
    assert named - known - grammar - {"summap", "minmap", "maxmap"} == set()
