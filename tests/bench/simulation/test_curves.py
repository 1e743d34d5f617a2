"""Curves: on even steps, their median, and the area between two."""

import pytest

from tests.bench.simulation.curves import compare, even, median


def test_a_curve_is_read_between_its_samples_on_the_straight_line() -> None:
    assert even([(0.0, 0.0), (1.0, 1.0), (2.0, 0.0)], 2.0, 0.5) == [0.5, 1.0, 0.5, 0.0]
    assert even([(0.0, 1.0), (1.0, 3.0)], 3.0, 1.0) == [3.0, 3.0, 3.0]


def test_the_median_is_taken_step_by_step() -> None:
    assert median([[0.0, 2.0, 4.0], [2.0, 2.0]]) == [1.0, 2.0]


def test_one_curve_that_was_disturbed_does_not_move_it() -> None:
    assert median([[1.0, 2.0], [1.2, 2.2], [9.0, 90.0]]) == [1.2, 2.2]


def test_equal_curves_have_no_area_between_them() -> None:
    same = compare([[0.5, 2.0, 3.0, 0.0]], [[0.5, 2.0, 3.0, 0.0]], 0.5)
    assert (same.distance, same.measured_peak, same.simulated_peak) == (0.0, 3.0, 3.0)
    assert (same.measured_late, same.simulated_late) == (1.0, 1.0)


def test_the_distance_is_a_share_of_the_measured_area_whichever_is_higher() -> None:
    assert compare([[1.0, 1.0]], [[1.2, 0.8]], 1.0).distance == pytest.approx(0.2)
    assert compare([[2.0, 2.0]], [[0.0, 0.0]], 1.0).distance == 1.0
