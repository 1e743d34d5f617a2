"""Notice: what the receivers of an alert are told, in words and in numbers. No I/O."""

import secrets
from dataclasses import dataclass

import msgspec

from ingest_api import moment
from ingest_api.alerts.alert import Alert
from ingest_api.alerts.outbox import Message, Type


@dataclass(frozen=True, slots=True)
class Notice:
    """`before` is what the value is compared with, where it is."""

    type: Type
    value: float | None = None
    before: float | None = None


def messages(project: str, name: str, alert: Alert, notice: Notice, now_ms: int) -> list[Message]:
    """One for each receiver. Whoever gets one twice, since an answer was lost, knows it by its id."""
    told = {
        "type": notice.type,
        "project": project,
        "alert": name,
        "description": alert.description,
        "text": sentence(project, name, alert, notice),
        "value": notice.value,
        "before": notice.before,
        "condition": {"is": alert.condition, "value": alert.value, "low": alert.low, "high": alert.high},
        "at": moment.text(now_ms),
    }
    found = []
    for receiver in (*alert.webhooks, *alert.emails):
        number = f"msg_{secrets.token_hex(16)}"
        body = msgspec.json.encode({"id": number, **told}).decode()
        found.append(
            Message(id=number, project=project, alert=name, type=notice.type, to=receiver, body=body, made_at=now_ms)
        )
    return found


def sentence(project: str, name: str, alert: Alert, notice: Notice) -> str:
    """For people, in one line."""
    if notice.type == "alert.test":
        return f"This is a test of the alert {name} of project {project}."
    shown = "there is no data" if notice.value is None else f"the value is {_number(notice.value)}"
    if notice.type == "alert.resolved":
        return f"{name} of project {project} is over: {shown}."
    if alert.condition == "outside":
        bound = f"outside {_number(alert.low)} to {_number(alert.high)}"
    elif alert.condition == "changed_by_percent":
        was = "" if notice.before is None else f" from {_number(notice.before)}"
        bound = f"changed by more than {_number(alert.value)} %{was}"
    else:
        bound = f"{alert.condition} {_number(alert.value)}"
    still = "still fires" if notice.type == "alert.reminder" else "fires"
    return f"{name} of project {project} {still} ({bound}): {shown}."


def _number(value: float) -> str:
    return f"{value:,.10g}"
