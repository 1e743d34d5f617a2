"""Which path goes where."""

from ingest_api import dialects
from ingest_api.app import routes
from ingest_api.front_door import FrontDoor
from ingest_api.settings import Settings


async def test_every_path_of_every_dialect_takes_post_and_health_takes_get() -> None:
    known = routes(FrontDoor(Settings()))
    assert set(known.pop("/healthz")) == set(known.pop("/readyz")) == {"GET"}
    assert set(known) == {path for dialect in dialects.load() for path in dialect.routes}
    assert all(set(methods) == {"POST"} for methods in known.values())
