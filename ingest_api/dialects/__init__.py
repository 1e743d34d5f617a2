"""Every dialect of this folder, found by its file. A clash of names or paths stops the start."""

import importlib
import pkgutil

from ingest_api.dialect import Dialect


def load() -> list[Dialect]:
    """The dialects, by name. Raises `RuntimeError` when two of them claim one name or one path."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    dialects: list[Dialect] = [importlib.import_module(f"{__name__}.{name}").DIALECT for name in names]
    claims = [dialect.name for dialect in dialects] + [route for dialect in dialects for route in dialect.routes]
    for claim in claims:
        if claims.count(claim) > 1:
            raise RuntimeError(f"two dialects claim {claim!r}")
    return dialects
