"""Alert: a question, a condition on its answer, and who is told. What is known of it, and how its calls are signed."""

import hashlib
import hmac
import re
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from ingest_api.errors import Detail
from ingest_api.projects.project import Invalid

Condition = Literal["above", "below", "outside", "changed_by_percent"]
Outcome = Literal["new", "ok", "pending", "firing", "no_data", "failed"]
Bound = Annotated[float, Meta(ge=-1e300, le=1e300)]
Url = Annotated[str, Meta(max_length=2000, description="https://...")]
Address = Annotated[str, Meta(max_length=254, description="an e-mail address")]

#: hash: project\0name -> state
STATES = "headrace:alerts:states"
HISTORY = 20
_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")


class Alert(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be watched."""

    question: Annotated[dict[str, Any], Meta(description="the body of POST /api/v2/query: one metric, no dimensions")]
    condition: Annotated[Condition, Meta(description="on the metric's value")]
    value: Annotated[Bound, Meta(description="what it is above or below, or by how many percent it has changed")] = 0.0
    low: Annotated[Bound, Meta(description="of outside")] = 0.0
    high: Annotated[Bound, Meta(description="of outside")] = 0.0
    every: Annotated[int, Meta(ge=1, le=1440, description="minutes between two checks")] = 5
    for_: Annotated[int, Meta(ge=1, le=100, description="checks in a row before anybody is told")] = msgspec.field(
        default=1, name="for"
    )
    no_data: Annotated[
        Literal["keep", "fire", "ok"],
        Meta(description="a mean of nothing, or no value to compare with: changes nothing, or counts as so"),
    ] = "keep"
    remind_minutes: Annotated[int, Meta(ge=0, le=10_080, description="while it fires; 0: never")] = 0
    resolved: Annotated[bool, Meta(description="tell also when it is over")] = True
    webhooks: Annotated[tuple[Url, ...], Meta(max_length=5)] = ()
    emails: Annotated[tuple[Address, ...], Meta(max_length=20)] = ()
    description: Annotated[str, Meta(max_length=500, description="stands in what is sent")] = ""
    paused: Annotated[bool, Meta(description="keep it, and check it no more")] = False


class Kept(msgspec.Struct, frozen=True):
    """As it is saved. The secret of its webhooks is made of the nonce, and is kept nowhere."""

    alert: Alert
    nonce: str


class Firing(msgspec.Struct):
    """One time that it fired. Times are Unix milliseconds; 0: it still does."""

    began_at: int
    value: float | None
    ended_at: int = 0


class State(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What is known of an alert as of its last check. Times are Unix milliseconds, 0: never."""

    #: of the document; whoever changes the alert begins anew
    changed_at: int = 0
    outcome: Outcome = "new"
    checked_at: int = 0
    #: the next check
    due_at: int = 0
    value: float | None = None
    #: what it is compared with, where it is
    before: float | None = None
    #: checks in a row in which the condition held
    streak: int = 0
    told_at: int = 0
    #: why it could not be checked, for people
    problem: str = ""
    #: the latest first
    history: list[Firing] = msgspec.field(default_factory=list)

    @property
    def firing(self) -> bool:
        return bool(self.history) and not self.history[0].ended_at


def check(alert: Alert) -> None:
    """Raises `Invalid` naming each field that is wrong. The question is not looked at."""
    wrong: list[Detail] = []
    if alert.condition == "outside" and alert.low >= alert.high:
        wrong.append(Detail("low", "must be less than high"))
    if alert.condition == "changed_by_percent" and alert.value <= 0:
        wrong.append(Detail("value", "must be more than 0 percent"))
    if not alert.webhooks and not alert.emails:
        wrong.append(Detail("webhooks", "name at least one of webhooks and emails"))
    wrong += [Detail(f"webhooks[{place}]", why) for place, url in enumerate(alert.webhooks) if (why := _no_url(url))]
    for place, address in enumerate(alert.emails):
        if not _ADDRESS.fullmatch(address):
            wrong.append(Detail(f"emails[{place}]", "is no address such as ops@shop.example"))
    if wrong:
        raise Invalid.of(*wrong)


def secret_of(installation: bytes, project: str, name: str, nonce: str) -> str:
    """What the alert's webhooks are signed with."""
    meant = "\0".join(("webhook", project, name, nonce)).encode()
    return f"hrs_{hmac.new(installation, meant, hashlib.sha256).hexdigest()}"


def signature(secret: str, time: int, body: bytes) -> str:
    """The header X-Headrace-Signature: `time` in Unix seconds, and HMAC-SHA256 of `time.body`."""
    made = hmac.new(secret.encode(), str(time).encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={time},v1={made}"


def holds(alert: Alert, value: float, before: float | None) -> bool | None:
    """Whether the condition holds; None where there is nothing to compare with."""
    if alert.condition == "above":
        return value > alert.value
    if alert.condition == "below":
        return value < alert.value
    if alert.condition == "outside":
        return not alert.low <= value <= alert.high
    return abs(value - before) > abs(before) * alert.value / 100 if before else None


def _no_url(url: str) -> str:
    """Why nothing can be sent there; empty when it can. Which address it leads to is looked at when it is called."""
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.scheme not in {"https", "http"} or not url.isascii() or not url.isprintable() or " " in url:
        return "must be a URL such as https://hooks.shop.example/headrace"
    return "must not hold a user or a password" if "@" in parts.netloc else ""
