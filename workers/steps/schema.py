"""Hold events to the schema that their project has set for their name: flag what is wrong, or set the event aside."""

from collections.abc import Mapping
from typing import cast

from ingest_api.projects.schema import Schema
from ingest_api.projects.validation import violations
from workers.batch import Batch, set_aside
from workers.reference import Reference


def schema(batch: Batch, reference: Reference) -> None:
    """Derive violations, the fields that are wrong, and reject where the schema says so.

    Projects without schemas cost nothing. A schema holds for events that were appended after it was set.
    """
    found = _schemas(batch, reference.schemas)
    if not found:
        return
    fields: list[tuple[str, ...]] = [()] * len(batch.events)
    wanted = [True] * len(batch.events)
    schemas = [found.get((event.project, event.name)) for event in batch.events]
    for at in [at for at, one in enumerate(schemas) if one]:
        one, event, position = cast("Schema", schemas[at]), batch.events[at], batch.positions[at]
        if position.ms < one.changed_at:
            continue
        rejects = one.mode == "reject"
        wrong = violations(one, event.properties, first=rejects)
        if wrong and rejects:
            wanted[at] = False
            batch.rejected.append(set_aside(event, position, wrong[0].reason))
        elif wrong:
            fields[at] = tuple(violation.field for violation in wrong)
    batch.derived["violations"] = fields
    if not all(wanted):
        batch.keep(wanted)


def _schemas(batch: Batch, schemas: Mapping[str, Mapping[str, Schema]]) -> dict[tuple[str, str], Schema]:
    """Those of this batch, by project and event name."""
    if schemas.keys().isdisjoint({event.project for event in batch.events}):
        return {}
    pairs = {(event.project, event.name) for event in batch.events}
    found = {(project, name): schemas.get(project, {}).get(name) for project, name in pairs}
    return {place: one for place, one in found.items() if one is not None}
