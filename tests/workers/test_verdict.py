"""What is set aside of a batch."""

from workers.verdict import Verdict, encode, standing


def test_a_verdict_is_found_again_by_the_batch_it_is_of_and_by_no_other() -> None:
    verdict = Verdict("1-0:2-0:2", 0, {"1-0:3": "why"})
    assert standing(encode(verdict), "1-0:2-0:2") == verdict
    assert standing(encode(verdict), "3-0:4-0:2") is None
    assert standing(b"", "1-0:2-0:2") is None


def test_each_round_has_a_token_of_its_own_and_the_first_has_the_batch_s() -> None:
    first = Verdict("1-0:2-0:2")
    second = first.grown({"1-0": "why"})
    assert (first.token, second.token, second.grown({}).token) == ("1-0:2-0:2", "1-0:2-0:2:1", "1-0:2-0:2:2")
    assert second.aside == {"1-0": "why"}
