"""What an alert may be, when its condition holds, and how its calls are signed."""

import hashlib
import hmac
from typing import Any

import msgspec
import pytest

from ingest_api.alerts import alert
from ingest_api.alerts.alert import Alert
from ingest_api.projects.project import Invalid

HOOK = "https://hooks.shop.example/x"


def made(**fields: Any) -> Alert:
    given = {"question": {"metrics": ["event_count"]}, "condition": "above", "webhooks": [HOOK], **fields}
    return msgspec.convert(given, Alert)


@pytest.mark.parametrize(
    ("fields", "value", "before", "so"),
    [
        ({"condition": "above", "value": 3}, 3.0, None, False),
        ({"condition": "above", "value": 3}, 3.1, None, True),
        ({"condition": "below", "value": 3}, 3.0, None, False),
        ({"condition": "below", "value": 3}, 0.0, None, True),
        ({"condition": "outside", "low": 1, "high": 2}, 1.0, None, False),
        ({"condition": "outside", "low": 1, "high": 2}, 2.5, None, True),
        ({"condition": "outside", "low": 1, "high": 2}, 0.5, None, True),
        ({"condition": "changed_by_percent", "value": 50}, 15.0, 10.0, False),
        ({"condition": "changed_by_percent", "value": 50}, 15.1, 10.0, True),
        ({"condition": "changed_by_percent", "value": 50}, 4.9, 10.0, True),
        ({"condition": "changed_by_percent", "value": 50}, -16.0, -10.0, True),
        ({"condition": "changed_by_percent", "value": 50}, 5.0, 0.0, None),
        ({"condition": "changed_by_percent", "value": 50}, 5.0, None, None),
    ],
)
def test_a_condition_holds_or_not_or_has_nothing_to_compare_with(
    fields: dict[str, Any], value: float, before: float | None, so: bool | None
) -> None:
    assert alert.holds(made(**fields), value, before) is so


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"condition": "outside", "low": 2, "high": 2}, "low"),
        ({"condition": "changed_by_percent"}, "value"),
        ({"webhooks": []}, "webhooks"),
        *(
            ({"webhooks": [HOOK, url]}, "webhooks[1]")
            for url in (
                *("", "hooks.shop.example", "ftp://x.example", "file:///etc/passwd", "gopher://127.0.0.1:6379/_x"),
                *("https://", "https://a:b@x.example/", "https://x.example/ y", "https://x.example/\r\nHost: y"),
                *("https://x.example:0/", "https://x.example:99999/", "https://[::1", "javascript:alert(1)"),
                "https://k\u00e4ufe.example/",
            )
        ),
        *(
            ({"emails": [address]}, "emails[0]")
            for address in ("", "ada", "a@b", "a b@c.de", "a@b.de\r\nBcc: x@y.z", "a@b.de,c@d.de", "<a@b.de>", "@b.de")
        ),
    ],
)
def test_what_is_wrong_is_named(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        alert.check(made(**fields))
    assert [one.field for one in refused.value.details] == [field]


def test_what_is_right_passes() -> None:
    alert.check(made(emails=["ops+1@mail.shop.example"], webhooks=["http://10.0.0.1:8080/x?y=z"]))


@pytest.mark.parametrize("fields", [{"every": 0}, {"for": 0}, {"value": "x"}, {"webhooks": [HOOK] * 6}, {"more": 1}])
def test_what_is_out_of_bounds_is_not_taken(fields: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        made(**fields)


def test_a_signature_is_of_the_time_and_the_body() -> None:
    signed = alert.signature("hrs_x", 1_795_000_000, b'{"a":1}')
    expected = hmac.new(b"hrs_x", b'1795000000.{"a":1}', hashlib.sha256).hexdigest()
    assert signed == f"t=1795000000,v1={expected}"


def test_every_alert_has_a_secret_of_its_own() -> None:
    made_of = [
        *((b"k", "shop", "a", "n"), (b"l", "shop", "a", "n"), (b"k", "shopa", "", "n")),
        *((b"k", "shop", "b", "n"), (b"k", "shop", "a", "m")),
    ]
    assert len({alert.secret_of(*one) for one in made_of}) == len(made_of)
    assert alert.secret_of(*made_of[0]).startswith("hrs_")
