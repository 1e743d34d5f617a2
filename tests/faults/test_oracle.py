"""The oracle sees what it is there for: for each check, evidence that passes and evidence that must not."""

from dataclasses import replace
from typing import Any

import pytest

from tests.faults.evidence import Evidence, Row, ShardState
from tests.faults.oracle import CHECKS, Verdict, judge
from tests.faults.recorder import Sent

ROWS = [Row("evt_a", 0), Row("evt_b", 1)]
#: two events, both acknowledged as new, stored once each; a third was sent and never acknowledged
GOOD = Evidence(
    sent={number: Sent(number, f"key-{number}", 0) for number in range(3)},
    acked={0: "evt_a", 1: "evt_b"},
    fresh=2,
    rows=ROWS,
    final=ROWS,
    counted=2,
    rejected_rows=0,
    counters={"appended": 2, "stored": 2, "rejected": 0, "repeated": 0},
    shards=[ShardState("5-0", "5-0", 0)],
)


def test_good_evidence_passes_every_check() -> None:
    judgement = judge(GOOD)
    assert (judgement.verdict, judgement.findings) == (Verdict.PASS, {})


@pytest.mark.parametrize(
    ("letter", "spoilt"),
    [
        ("A", {"rows": ROWS[:1]}),
        ("A", {"acked": {0: "evt_a", 1: "evt_other"}}),
        ("B", {"rows": [*ROWS, ROWS[1]]}),
        ("B", {"final": [*ROWS, ROWS[1]]}),
        ("B", {"final": ROWS[:1]}),
        ("B", {"rows": [*ROWS, Row("evt_c", 1)]}),
        ("C", {"counted": 3}),
        ("C", {"counted": 1}),
        ("D", {"rows": [*ROWS, Row("evt_x", 99)]}),
        ("E", {"counters": {"appended": 3, "stored": 2}}),
        ("E", {"counters": {"appended": 3, "stored": 3}}),
        ("E", {"counters": {"appended": 3, "stored": 2, "rejected": 1}}),
        ("E", {"fresh": 3}),
        ("F", {"shards": [ShardState("5-0", "6-0", 0)]}),
        ("F", {"shards": [ShardState("5-0", "5-0", 1)]}),
        ("G", {"wrong": ["status 500: b''"]}),
        ("G", {"given_up": {2}}),
    ],
)
def test_each_check_notices_what_it_is_for(letter: str, spoilt: dict[str, Any]) -> None:
    judgement = judge(replace(GOOD, **spoilt), letter)
    assert judgement.verdict is Verdict.MISMATCH
    assert list(judgement.findings) == [letter]


def test_a_documented_loss_is_no_mismatch() -> None:
    lost = replace(GOOD, rows=ROWS[:1])
    assert judge(lost, "A").verdict is Verdict.MISMATCH
    assert judge(replace(lost, excused={1}), "A").verdict is Verdict.PASS


def test_an_event_that_was_never_acknowledged_may_be_there_or_not() -> None:
    there = [*ROWS, Row("evt_c", 2)]
    assert judge(replace(GOOD, rows=there, final=there), "ABD").verdict is Verdict.PASS


def test_without_an_acknowledgement_nothing_is_shown() -> None:
    assert judge(replace(GOOD, acked={})).verdict is Verdict.UNVERIFIED


def test_every_letter_has_its_check() -> None:
    assert "".join(CHECKS) == "ABCDEFG"
