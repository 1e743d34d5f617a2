"""What receivers are told."""

from typing import Any

import msgspec
import pytest

from ingest_api.alerts.notice import Notice, messages, sentence
from tests.ingest_api.alerts.test_alert import made


@pytest.mark.parametrize(
    ("fields", "notice", "told"),
    [
        ({"value": 10}, Notice("alert.firing", 12.5), "a of project p fires (above 10): the value is 12.5."),
        ({"value": 1e6}, Notice("alert.reminder", 2e6), "still fires (above 1,000,000): the value is 2,000,000."),
        ({"condition": "below", "value": 1}, Notice("alert.firing", 0.0), "fires (below 1): the value is 0."),
        ({"condition": "outside", "low": -1, "high": 2}, Notice("alert.firing", 3.0), "fires (outside -1 to 2)"),
        (
            {"condition": "changed_by_percent", "value": 50},
            Notice("alert.firing", 9.0, 2.0),
            "fires (changed by more than 50 % from 2): the value is 9.",
        ),
        ({}, Notice("alert.firing"), "there is no data."),
        ({}, Notice("alert.resolved", 1.0), "a of project p is over: the value is 1."),
        ({}, Notice("alert.test"), "This is a test of the alert a of project p."),
    ],
)
def test_the_sentence_says_what_happened(fields: dict[str, Any], notice: Notice, told: str) -> None:
    assert told in sentence("p", "a", made(**fields), notice)


def test_each_receiver_has_a_message_of_its_own() -> None:
    alert = made(webhooks=["https://x.example/", "https://y.example/"], emails=["a@b.example"], description="why")
    found = messages("p", "a", alert, Notice("alert.firing", 3.0), 1_795_000_000_000)
    assert [one.to for one in found] == ["https://x.example/", "https://y.example/", "a@b.example"]
    assert len({one.id for one in found}) == 3
    body = msgspec.json.decode(found[0].body, type=dict[str, Any])
    assert body == {
        "id": found[0].id,
        "type": "alert.firing",
        "project": "p",
        "alert": "a",
        "description": "why",
        "text": "a of project p fires (above 0): the value is 3.",
        "value": 3.0,
        "before": None,
        "condition": {"is": "above", "value": 0.0, "low": 0.0, "high": 0.0},
        "at": "2026-11-18T11:06:40Z",
    }
