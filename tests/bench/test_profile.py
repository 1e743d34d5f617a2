"""A profile adds up what py-spy saw, by function."""

from tests.bench import profile


def test_self_time_is_the_innermost_functions_and_total_counts_each_stack_once() -> None:
    stacks = ["run (a.py:1);parse (b.py:2) 6", "run (a.py:1) 3", "run (a.py:1);walk (c.py:3);walk (c.py:3) 1"]
    assert list(profile.summary(stacks)) == [
        "10 samples",
        "",
        "  self   total  function",
        " 60.0%   60.0%  parse (b.py:2)",
        " 30.0%  100.0%  run (a.py:1)",
        " 10.0%   10.0%  walk (c.py:3)",
    ]


def test_a_thread_that_waits_for_work_is_not_counted() -> None:
    stacks = ["_bootstrap (threading.py:1);_worker (concurrent/futures/thread.py:69) 90", "run (a.py:1) 3"]
    assert next(profile.summary(stacks)) == "3 samples"


def test_no_sample_at_all_is_said() -> None:
    assert next(profile.summary([])) == "0 samples"
