"""StatsQuery: a question about one project's events, checked and complete. Leaf, no I/O."""

from dataclasses import dataclass
from typing import Literal, get_args

Bots = Literal["exclude", "include", "only"]
BOTS: tuple[Bots, ...] = get_args(Bots)


@dataclass(frozen=True, slots=True)
class StatsQuery:
    """Times are Unix milliseconds. The project always comes from the key."""

    project: str
    metric: str
    since: int
    #: exclusive; None leaves the end open, so that events dated slightly ahead count at once
    until: int | None
    #: what the answer calls its range: "24h", or the two ends
    period: str
    #: events of this site, and those that name no site
    site_id: str = ""
    event_type: str = ""
    #: whether declared crawlers count
    bots: Bots = "exclude"
