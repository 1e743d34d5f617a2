"""Question: what is asked about one project's events, checked and complete. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from queries.errors import Refused
from queries.questions.bots import Bots
from queries.questions.dimensions import Dimension
from queries.questions.filters import EVERYTHING, Filter
from queries.questions.measures import Metric
from queries.questions.spans import Span

MAX_METRICS, MAX_DIMENSIONS, MAX_LIMIT, MAX_OFFSET = 10, 3, 10_000, 1_000_000


@dataclass(frozen=True, slots=True)
class Question:
    """One row for each combination of the dimensions' values, or a single one. The project comes from the key."""

    project: str
    metrics: tuple[Metric, ...]
    span: Span
    #: at most one of them is a time
    dimensions: tuple[Dimension, ...] = ()
    filter: Filter = EVERYTHING
    #: events of this site, and those that name no site
    site_id: str = ""
    bots: Bots = "exclude"
    #: columns, dimensions first, each with whether the greatest comes first; the rest follow, so that no two rows tie
    order: tuple[tuple[int, bool], ...] = ()
    limit: int | None = None
    offset: int = 0
    #: estimates will do
    approximate: bool = False
    #: starts of the intervals of the time, and the end of the last
    edges: tuple[int, ...] = ()
    #: only these values of the dimensions that are no time
    among: tuple[tuple[str | int, ...], ...] | None = None

    @property
    def until(self) -> int | None:
        """Exclusive end in Unix ms. A series ends with its last interval."""
        return self.edges[-1] if self.edges and self.span.until is None else self.span.until

    @property
    def time(self) -> int | None:
        """Which of the dimensions is the time."""
        return next((index for index, one in enumerate(self.dimensions) if one.interval), None)

    def tag(self) -> str:
        """What all pages of one answer have in common."""
        same = (self.metrics, self.dimensions, self.filter, self.site_id, self.bots, self.order, self.approximate)
        return blake2b(repr((self.project, self.span.zone.key, same)).encode(), digest_size=6).hexdigest()


def check(metrics: Sequence[Metric], dimensions: Sequence[Dimension], where: str) -> None:
    """Whether these metrics can be told apart by these dimensions. Raises `Refused` that names the place."""
    if len({one.name for one in dimensions}) < len(dimensions):
        raise Refused(400, f"{where}: names a dimension twice.")
    if sum(bool(one.interval) for one in dimensions) > 1:
        raise Refused(400, f"{where}: at most one of them can be a time.")
    if sum(not one.interval for one in dimensions) > MAX_DIMENSIONS:
        raise Refused(400, f"{where}: at most {MAX_DIMENSIONS} dimensions, and a time.")
    for metric in metrics:
        for dimension in dimensions:
            whole = metric.measure.of == "sessions"
            if not (dimension.interval or (dimension.session if whole else dimension.event or dimension.path)):
                whose = "a session has several, or none is kept" if whole else "only sessions have it"
                raise Refused(400, f"{where}: {metric.name} cannot be told apart by {dimension.name}: {whose}.")
