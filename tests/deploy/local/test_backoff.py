"""How long a part that dies again and again waits."""

from deploy.local.backoff import FORGIVE_SECONDS, Backoff


def test_the_wait_doubles_from_half_a_second_to_fifteen() -> None:
    backoff = Backoff()
    assert [backoff.after(1.0) for _ in range(8)] == [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0]


def test_a_part_that_was_healthy_for_long_begins_anew() -> None:
    backoff = Backoff()
    for _ in range(6):
        backoff.after(0.0)
    assert backoff.after(FORGIVE_SECONDS - 0.1) == 15.0
    assert backoff.after(FORGIVE_SECONDS) == 0.5
    assert backoff.after(1.0) == 1.0


def test_it_never_gives_up() -> None:
    backoff = Backoff()
    assert {backoff.after(float("-inf")) for _ in range(5_000)} == {0.5, 1.0, 2.0, 4.0, 8.0, 15.0}
