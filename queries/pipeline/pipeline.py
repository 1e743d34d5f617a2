"""GET /api/v1/pipeline: how the pipeline is now: a project's part of it, or for operators all."""

from ingest_api.projects.keys import Kind
from queries.errors import Refused
from queries.management import Answer
from queries.pipeline.flow import Pipeline
from queries.request import only
from queries.route import Call, Parameter, Route
from queries.service import QueryService

PIPELINE_PARAMETERS = (
    Parameter("project", str, "whose events the rates count; a query key sees its own project's alone"),
)


async def show_pipeline(service: QueryService, call: Call) -> Answer[Pipeline]:
    """Of the key's project; with an admin key of all, or with the rates of one."""
    only(call.query, PIPELINE_PARAMETERS)
    project = call.query.get("project", "")
    if call.access is not None and Kind.ADMIN in call.access.kinds:
        return Answer(data=await service.gauges.of_all(project))
    if project not in {"", call.project.id}:
        raise Refused(403, "project: is not the one of this key.")
    return Answer(data=await service.gauges.of_project(call.project.id))


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/api/v1/pipeline",
        show_pipeline,
        Answer[Pipeline],
        "How the pipeline is now",
        Kind.QUERY,
        parameters=PIPELINE_PARAMETERS,
        also=(Kind.ADMIN,),
    ),
)
