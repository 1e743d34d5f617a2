"""Dimensions: what events and sessions are told apart by. Public name -> expression; a new dimension is a new row."""

import re
from dataclasses import dataclass

from queries.entry import sharing
from queries.errors import Refused
from queries.questions.binder import Binder
from queries.request import quoted

INTERVALS = ("minute", "hour", "day", "week", "month")
PROPERTY = "properties."
MAX_PATH = 255
#: no name that the engine takes for one of a JSON column's own parts, and none that its protocol changes on the way
_PATH = re.compile(r"""(?![\^:@])[^\x00-\x1f\x7f-\x9f.\\'"`\[\]{}]+(\.(?![\^:@])[^\x00-\x1f\x7f-\x9f.\\'"`\[\]{}]+)*""")


@dataclass(frozen=True, slots=True)
class Dimension:
    """Its values are text, '' where nothing is known, unless it is a number or a time."""

    name: str
    meaning: str
    #: over rows of `events`; empty where only sessions have it
    event: str = ""
    #: over rows of `sessions`; empty where a session has several, or none is kept
    session: str = ""
    #: all values that a session holds, an array over rows of `sessions`
    held: str = ""
    number: bool = False
    #: of a property, with dots between names
    path: str = ""
    #: of a time: one of INTERVALS
    interval: str = ""

    def text(self, binder: Binder) -> str:
        """Its value over rows of `events`."""
        if self.path:
            return f"toString({self._property(binder)})"
        return self.event.replace("$zone", binder.bind(binder.zone, "String")) if "$zone" in self.event else self.event

    def of_session(self, binder: Binder) -> str:
        """Its value over rows of `sessions`."""
        return self.session.replace("$zone", binder.bind(binder.zone, "String")) if self.number else self.session

    def figure(self, binder: Binder) -> str:
        """Its number over rows of `events`, NULL where there is none. Text is no number, whatever it looks like."""
        if not self.path:
            return self.text(binder)
        value = self._property(binder)
        return (
            f"coalesce(dynamicElement({value}, 'Float64'), toFloat64(dynamicElement({value}, 'Int64')), "
            f"toFloat64(dynamicElement({value}, 'UInt64')))"
        )

    def _property(self, binder: Binder) -> str:
        return binder.bind(PROPERTY + self.path, "Identifier")


def _both(name: str, meaning: str) -> Dimension:
    return Dimension(name, meaning, name, name)


_HOUR = "toHour(toTimeZone($at, $zone))"
_WEEKDAY = "toDayOfWeek(toTimeZone($at, $zone))"


def _of_clock(name: str, expression: str, meaning: str) -> Dimension:
    event, session = (expression.replace("$at", at) for at in ("occurred_at", "started_at"))
    return Dimension(name, meaning, event, session, number=True)


_ALL = (
    Dimension("event", "the event's name", "name", held="names"),
    Dimension("page", "path of the page", "path"),
    Dimension("viewed_page", "path of the page, of page views alone", "viewed_page"),
    Dimension("host", "host of the page", "host"),
    Dimension("url", "the page's whole address", "url"),
    Dimension("title", "title of the page", "title"),
    Dimension("entry_page", "path of a session's first page", session="entry_page"),
    Dimension("exit_page", "path of a session's last page", session="exit_page"),
    Dimension("referrer_host", "host of the page before", "referrer_host"),
    _both("source", "where a visit came from, as a name"),
    _both("channel", "the same as one of a few kinds"),
    *(Dimension(f"utm_{one}", f"`utm_{one}` of the address", f"utm_{one}") for one in ("source", "medium", "campaign")),
    *(Dimension(f"utm_{one}", f"`utm_{one}` of the address", f"utm_{one}") for one in ("term", "content")),
    _both("country", "ISO 3166-1 alpha-2"),
    Dimension("region", "region of the country", "region"),
    Dimension("city", "city", "city"),
    Dimension("browser", "name of the browser", "browser"),
    Dimension("browser_version", "its version", "browser_version"),
    Dimension("os", "name of the operating system", "os"),
    Dimension("os_version", "its version", "os_version"),
    _both("device_type", "desktop, mobile, tablet and so on"),
    Dimension("language", "the visitor's language", "language"),
    Dimension("platform", "the platform that the producer named", "platform"),
    Dimension("site_id", "site of the project", "site_id", held="site_ids"),
    Dimension("dialect", "the API by which it came", "dialect"),
    Dimension("kind", "`event` or `identify`", "kind"),
    Dimension("bot", "name of the declared crawler", "bot"),
    _both("user_id", "the user"),
    Dimension("client_id", "the anonymous id", "client_id"),
    Dimension("session_id", "the client's own id of its session", "session_id"),
    _both("visitor", "the device: a letter and an id"),
    _of_clock("hour_of_day", _HOUR, "0 to 23, in the time zone"),
    _of_clock("day_of_week", _WEEKDAY, "1, Monday, to 7, in the time zone"),
)
DIMENSIONS: dict[str, Dimension] = {one.name: one for one in _ALL}
#: what a series is cut into; `queries/questions/select.py` writes their expressions
TIMES: dict[str, Dimension] = {
    f"time:{one}": Dimension(f"time:{one}", f"start of the {one}", interval=one) for one in INTERVALS
}


def find(name: str, where: str) -> Dimension:
    """The dimension of this name, a property's included. Raises `Refused` that names the place, and `Withheld`."""
    known = DIMENSIONS.get(name)
    if known is not None or name.startswith(PROPERTY):
        sharing.check(name)
    if known is not None:
        return known
    if not name.startswith(PROPERTY):
        raise Refused(
            400, f"{where}: {quoted(name)} is no dimension. Known: {', '.join(DIMENSIONS)}, properties.<path>."
        )
    path = name.removeprefix(PROPERTY)
    if len(path) > MAX_PATH or not _PATH.fullmatch(path) or not is_text(path):
        raise Refused(
            400,
            f"{where}: {quoted(name)} is not the path of a property: names with dots between, at most {MAX_PATH} "
            "characters, without quotes, brackets, backslashes and control characters.",
        )
    return Dimension(name, "a property", path=path)


def find_or_time(name: str, where: str) -> Dimension:
    """The same with `time:hour` and its like."""
    return TIMES.get(name) or find(name, where)


def is_text(text: str) -> bool:
    """Whether it can be written as UTF-8: half of a surrogate pair cannot."""
    return not any(0xD800 <= ord(letter) <= 0xDFFF for letter in text)
