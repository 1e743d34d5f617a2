"""How many examples a long property is tried with: some in `make test`, more where HEADRACE_TEST_EXAMPLES says so."""

import os


def examples(count: int) -> int:
    """This many, times HEADRACE_TEST_EXAMPLES: a whole number, 1 when it is not set."""
    return count * int(os.environ.get("HEADRACE_TEST_EXAMPLES", "1"))
