"""View: which events a report looks at that is asked for by a query string, and its statements under one place."""

from collections.abc import Mapping
from dataclasses import dataclass

from ingest_api.projects.projects import Project
from queries.inquiry import AnswerMeta, inquire
from queries.questions import filters, short_filter, sources
from queries.questions.binder import Binder
from queries.questions.bots import BOTS
from queries.questions.spans import Span
from queries.reports import people
from queries.request import bots_of
from queries.route import Parameter
from queries.service import QueryService
from queries.sql import Statement
from queries.store import Rows

FILTER = Parameter(
    "filter", str, 'only such events: country==DE;page~=/blog, or a JSON array ["is", "country", ["DE"]]'
)
BOTS_COUNT = Parameter("bots", str, "whether events of declared crawlers count", "exclude", BOTS)


@dataclass(frozen=True, slots=True)
class View:
    """`where` is the condition on `events`, complete; `binder` has its parameters and takes more."""

    binder: Binder
    where: str

    def statement(self, text: str) -> Statement:
        """Of a text with `$where` in it."""
        return Statement(text.replace("$where", self.where), dict(self.binder.parameters))


def view(asked: Mapping[str, str], project: Project, span: Span) -> View:
    """The events of the span that pass `filter` and `bots`. Raises `Refused` naming the parameter."""
    binder = Binder({"project": project.id}, zone=span.zone.key)
    read = f"{people.of_project(bots_of(asked))} AND {people.between(binder, span.since, span.until)}"
    binder.doers = lambda such: sources.doers(f"{read} AND {such}")
    if "filter" not in asked:
        return View(binder, read)
    return View(binder, f"{read} AND {filters.condition(short_filter.parse(asked['filter']), binder)}")


async def look(service: QueryService, project: Project, *statements: Statement) -> tuple[list[Rows], AnswerMeta]:
    """Run the statements of one question, one after the other. Raises what `inquire` and `Store.rows` raise."""
    async with inquire(service, project, "") as inquiry:
        found = [await inquiry.ask(statement) for statement in statements]
    return found, inquiry.meta()
