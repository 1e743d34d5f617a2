"""Select: a question -> one statement. Pure: text of tables in code, values as bound parameters."""

from collections.abc import Mapping, Sequence

from queries.questions import rollups, sources
from queries.questions.binder import Binder
from queries.questions.measures import Metric, Of
from queries.questions.question import Question
from queries.questions.sources import Source
from queries.sql import Statement


def rows(question: Question) -> Statement:
    """Rows of the dimensions' values, then the metrics'. A time is the start of its interval in Unix ms."""
    binder = sources.binder(question)
    text = grouped(question, binder) + _order(question)
    if question.limit is not None:
        text += " LIMIT {limit:UInt32} OFFSET {offset:UInt32}"
        binder.parameters |= {"limit": question.limit, "offset": question.offset}
    return Statement(text, binder.parameters)


def total(question: Question) -> Statement:
    """How many rows there are without a limit."""
    binder = sources.binder(question)
    return Statement(" ".join(("SELECT count() FROM", f"({grouped(question, binder)})")), binder.parameters)


def grouped(question: Question, binder: Binder) -> str:
    """The SELECT without order and limit; several sources are put together by their dimensions' values."""
    of = _by_source(question.metrics)
    if len(of) == 1:
        return _select(question, *_part(question, binder, *next(iter(of.items()))))
    parts = [_select(question, *_part(question, binder, name, some), prefix="a") for name, some in of.items()]
    keys = [f"d{index}" for index in range(len(question.dimensions))]
    values = [
        f"ifNull(any(a{index}), 0) AS m{index}" if metric.measure.counts else f"any(a{index}) AS m{index}"
        for index, metric in enumerate(question.metrics)
    ]
    text = " ".join(("SELECT", ", ".join((*keys, *values)), "FROM", f"({' UNION ALL '.join(parts)})"))
    return text + (f" GROUP BY {', '.join(keys)}" if keys else "")


def _part(question: Question, binder: Binder, of: Of, metrics: Sequence[Metric]) -> tuple[Source, Mapping[str, str]]:
    """One source, and the aggregate of each metric that is worked out of it."""
    source = rollups.source(question, binder, metrics) or sources.SOURCES[of](question, binder)
    since = "fromUnixTimestamp64Milli({since:Int64})"
    time = question.time
    start = since if time is None else f"greatest({since}, fromUnixTimestamp64Milli({source.keys[time]}))"
    values = {
        one.name: source.values.get(one.name) or one.value(binder, start, approximate=question.approximate)
        for one in metrics
    }
    return source, values


def _select(question: Question, source: Source, values: Mapping[str, str], prefix: str = "m") -> str:
    """Metrics of another source are NULL."""
    keys = [f"{key} AS d{index}" for index, key in enumerate(source.keys)]
    columns = [f"{values.get(one.name, 'NULL')} AS {prefix}{index}" for index, one in enumerate(question.metrics)]
    text = " ".join(("SELECT", ", ".join((*keys, *columns)), source.text))
    return text + (f" GROUP BY {', '.join(f'd{index}' for index in range(len(keys)))}" if keys else "")


def _by_source(metrics: Sequence[Metric]) -> dict[Of, list[Metric]]:
    """Whoever knows when people were first seen knows people."""
    of = {metric.measure.of for metric in metrics}
    found: dict[Of, list[Metric]] = {}
    for metric in metrics:
        name = metric.measure.of
        found.setdefault("newcomers" if name == "persons" and "newcomers" in of else name, []).append(metric)
    return found


def _order(question: Question) -> str:
    """What is unknown comes last; the dimensions' values settle every tie."""
    names = [f"d{index}" for index in range(len(question.dimensions))]
    if not names:
        return ""
    columns = [*names, *(f"m{index}" for index in range(len(question.metrics)))]
    chosen = [f"{columns[index]} {'DESC' if falling else 'ASC'} NULLS LAST" for index, falling in question.order]
    rest = [f"{name} ASC" for index, name in enumerate(names) if index not in {column for column, _ in question.order}]
    return f" ORDER BY {', '.join((*chosen, *rest))}"
