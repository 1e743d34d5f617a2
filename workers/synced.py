"""Synced: a file, and the names that lead to it, outlive a power cut."""

import os
from pathlib import Path


def sync(folder: Path, name: str) -> None:
    """Of the file `name` of a folder; its name may have folders in it."""
    found = folder / name
    for one in (found, *list(found.parents)[: name.count("/") + 1]):
        handle = os.open(one, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
