"""Refusals."""

from ingest_api.errors import STATUS, Detail, Reason, Refusal, Refused


def test_every_reason_has_a_status_that_tells_who_is_to_act() -> None:
    assert set(STATUS) == set(Reason)
    ours = {Reason.UNAVAILABLE, Reason.OVERLOADED, Reason.INTERNAL}
    assert {reason for reason, status in STATUS.items() if status >= 500} == ours
    assert Refused(Reason.BODY_TOO_LARGE, "too large").status == 413


def test_a_refusal_says_all_that_is_wrong_in_one_line() -> None:
    refusal = Refusal(Reason.INVALID_FIELD, (Detail("a", "is required"), Detail("b", "must be a string")))
    assert refusal.message == "a: is required; b: must be a string"
