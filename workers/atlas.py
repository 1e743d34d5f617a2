"""The atlas: which version of the place databases holds. A replaced file is taken up while the worker runs."""

import logging
import os
import time

from workers import places

log = logging.getLogger(__name__)

#: the files are looked at this often, at most
LOOK_SECONDS = 5.0


class Atlas:
    """Knows the databases' current version. One per process."""

    def __init__(self, databases: str, look_seconds: float = LOOK_SECONDS) -> None:
        """Opens them, and says in the log how old they are. Raises `ValueError` with the file that cannot be used."""
        self._databases = databases
        self._look_seconds = look_seconds
        self._looked_at = time.monotonic()
        self._seen = self._held = _version(databases)
        self._complained = False
        self._take_up(self._seen)

    @property
    def version(self) -> tuple[str, int]:
        """What `places.opened` takes."""
        return self._databases, self._held

    @property
    def due(self) -> bool:
        """Whether it is time to look at the files again."""
        return bool(self._databases) and time.monotonic() - self._looked_at >= self._look_seconds

    def look(self) -> None:
        """Take up files that were replaced. While they cannot be used the version before them holds."""
        self._looked_at = time.monotonic()
        if (version := _version(self._databases)) != self._seen:
            self._seen = version
            self._try(version)

    def _try(self, version: int) -> None:
        try:
            self._take_up(version)
        except ValueError as error:
            if not self._complained:  # a file that is being written changes with every look
                log.warning("places kept", extra={"action": "places", "why": str(error)})
            self._complained = True

    def _take_up(self, version: int) -> None:
        found = places.opened(self._databases, version)
        self._held = version
        self._complained = False
        about: dict[str, object] = {"action": "places", "from": found.names}
        if found.built:
            about["days_old"] = int(time.time() - found.built) // 86_400
        log.info("places", extra=about)


def _version(databases: str) -> int:
    """Another number when a file was written, replaced, or is gone: made of time, inode and size of each."""
    return hash(tuple(map(_mark, places.paths(databases))))


def _mark(path: str) -> tuple[int, ...]:
    try:
        found = os.stat(path)
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_ino, found.st_size
