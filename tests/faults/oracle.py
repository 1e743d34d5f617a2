"""The oracle: lettered checks on the evidence, and the verdict. A check that could not be made is no mismatch."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tests.faults.evidence import Evidence, Row

_SHOWN = 5


class Verdict(StrEnum):
    """What a run has shown."""

    PASS = "PASS"
    MISMATCH = "MISMATCH"
    #: the check itself failed: it shows nothing
    UNVERIFIED = "UNVERIFIED"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its findings: letter of the check -> what it found."""

    verdict: Verdict
    findings: dict[str, str]

    def __str__(self) -> str:
        return "; ".join((self.verdict.value, *(f"{letter}: {text}" for letter, text in self.findings.items())))


def acknowledged_is_visible(evidence: Evidence) -> str:
    """A: every acknowledged event is a row, under the id that its producer was told; or its loss is documented."""
    there = {(row.number, row.id) for row in evidence.rows}
    lost = [ack for ack in evidence.acked.items() if ack not in there and ack[0] not in evidence.excused]
    return _some("acknowledged and not there", lost)


def visible_once(evidence: Evidence) -> str:
    """B: once each, with and without FINAL."""
    plain, final = _doubled(evidence.rows), _doubled(evidence.final)
    lacking = len({row.id for row in evidence.rows}) - len({row.id for row in evidence.final})
    return plain or (f"with FINAL: {final}" if final else "") or (f"FINAL lacks {lacking}" if lacking else "")


def counted_once(evidence: Evidence) -> str:
    """C: the view's sum is the number of distinct events."""
    unique = len({row.id for row in evidence.rows})
    return "" if evidence.counted == unique else f"the view counts {evidence.counted}, there are {unique}"


def nothing_unsent(evidence: Evidence) -> str:
    """D: every row was sent."""
    return _some("never sent", [row.number for row in evidence.rows if row.number not in evidence.sent])


def outcomes_balance(evidence: Evidence) -> str:
    """E: every event ends in exactly one counted outcome, and the counts are those of the tables."""
    count = evidence.counters.get
    appended, stored, rejected = count("appended", 0), count("stored", 0), count("rejected", 0)
    unique, sent = len({row.id for row in evidence.rows}), len(evidence.sent) + evidence.poisoned
    balances = {
        f"appended {appended} = stored {stored} + rejected {rejected} + repeated {count('repeated', 0)}": (
            appended == stored + rejected + count("repeated", 0)
        ),
        f"stored {stored} = rows {unique}": stored == unique,
        f"rejected {rejected} = rejected rows {evidence.rejected_rows}": rejected == evidence.rejected_rows,
        f"acknowledged as new {evidence.fresh} <= appended {appended} <= sent {sent}": (
            evidence.fresh <= appended <= sent
        ),
    }
    return "; ".join(f"not {text}" for text, holds in balances.items() if not holds)


def drained(evidence: Evidence) -> str:
    """F: nothing is pending and the floor is the last entry."""
    return _some("stands still", [f"shard {n}: {state}" for n, state in enumerate(evidence.shards) if not state.done])


def answers_are_right(evidence: Evidence) -> str:
    """G: only 200 and 503; one event, one id; every event with a key is acknowledged in the end."""
    return _some("wrong answers", evidence.wrong) or _some("never acknowledged", sorted(evidence.given_up))


CHECKS: dict[str, Callable[[Evidence], str]] = {
    "A": acknowledged_is_visible,
    "B": visible_once,
    "C": counted_once,
    "D": nothing_unsent,
    "E": outcomes_balance,
    "F": drained,
    "G": answers_are_right,
}


def judge(evidence: Evidence, letters: Collection[str] = "ABCDEFG") -> Judgement:
    """Make the checks. Nothing acknowledged or nothing visible shows nothing."""
    if not evidence.acked:
        return Judgement(Verdict.UNVERIFIED, {"A": "nothing was acknowledged"})
    findings = {letter: found for letter in letters if (found := CHECKS[letter](evidence))}
    return Judgement(Verdict.MISMATCH if findings else Verdict.PASS, findings)


def _doubled(rows: Sequence[Row]) -> str:
    ids, numbers = Counter(row.id for row in rows), Counter(row.number for row in rows)
    doubled = [what for counts in (ids, numbers) for what, count in counts.items() if count > 1]
    return _some("more than once", doubled)


def _some(what: str, found: Sequence[object]) -> str:
    """How many, and the first few."""
    if not found:
        return ""
    return f"{len(found)} {what}: {', '.join(map(str, found[:_SHOWN]))}{' ...' if len(found) > _SHOWN else ''}"
