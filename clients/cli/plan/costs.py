"""What an event costs, as it was measured: speeds, sizes and head-room, from a file."""

from importlib.resources import files
from pathlib import Path

import msgspec

from clients.cli.errors import WrongUsage


class Speeds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Events a second of one process or one Redis; microseconds of CPU an event; bytes of memory a process."""

    when: str
    machine: str
    event_bytes: int
    #: events a request -> events a second
    front_door: dict[str, float]
    worker: float
    redis: float
    clickhouse_us: float
    front_door_memory: int
    worker_memory: int

    def front_door_at(self, batch: int) -> float:
        """Of requests with so many events: the largest size that was measured and is no larger."""
        return self.front_door[str(max(size for size in map(int, self.front_door) if size <= batch))]


class Sizes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bytes an event of `event_bytes` takes, and what each further byte does."""

    when: str
    event_bytes: int
    frame: float
    frame_byte: float
    key: float
    appended: float
    appended_byte: float
    stored: float
    stored_byte: float

    def of(self, event_bytes: int, base: float, byte: float) -> float:
        """Bytes that an event of this size takes. Shorter ones are reckoned like those that were measured."""
        return base + max(0, event_bytes - self.event_bytes) * byte


class Headroom(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Shares that may be used; `redis_disk` is how many times."""

    load: float
    clickhouse_load: float
    redis_memory: float
    redis_machine: float
    redis_disk: float
    clickhouse_disk: float


class Costs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of it."""

    speeds: Speeds
    sizes: Sizes
    headroom: Headroom


def read(file: Path | None) -> Costs:
    """The costs of a file, or those measured for the documents. Raises `WrongUsage`."""
    source = file or files("clients.cli.plan") / "costs.toml"
    try:
        return msgspec.toml.decode(source.read_bytes(), type=Costs)
    except OSError as error:
        raise WrongUsage(f"--costs {file} cannot be read: {error.strerror}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WrongUsage(f"--costs {file} is no file of costs: {error}. Copy clients/cli/plan/costs.toml.") from error
