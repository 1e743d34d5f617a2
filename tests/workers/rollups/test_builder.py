"""What hours and stretches have in common: versions that grow, and as much in a statement as it takes."""

from workers.rollups.builder import RANDOM_BITS, Batch, fitting
from workers.rollups.rollup import Hour


def hours(*rows: int) -> list[Hour]:
    return [Hour("p", number, some) for number, some in enumerate(rows)]


def test_a_later_batch_has_a_greater_version_and_no_two_have_the_same() -> None:
    versions = [Batch[Hour]([], read_ms).version() for read_ms in (1, 1, 2)]
    assert versions[0] != versions[1]
    assert max(versions[:2]) < versions[2]
    assert [version >> RANDOM_BITS for version in versions] == [1, 1, 2]


def test_a_statement_takes_as_many_as_fit_and_one_at_least() -> None:
    some = hours(5, 5, 5)
    weighed = [(hour, hour.mark) for hour in some]
    assert fitting(weighed, 10, 9) == some[:2]
    assert fitting(weighed, 9, 9) == some[:1]
    assert fitting(weighed, 1, 9) == some[:1]
    assert fitting(weighed, 99, 2) == some[:2]
    assert fitting([], 10, 9) == []
