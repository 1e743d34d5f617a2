"""A checkup: a list of checks, run one after the other, each for itself, with a remedy for what is not well."""

import asyncio
import enum
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import msgspec
from clickhouse_connect.driver.client import Client

from clients.cli.errors import WrongUsage
from clients.cli.output import printable
from clients.cli.service import Service
from clients.cli.settings import Settings
from ingest_api import stream
from ingest_api.stream import Install, Redis

#: one check may take this long
CHECK_SECONDS = 10.0


class State(enum.StrEnum):
    """How one check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"


class Finding(msgspec.Struct, frozen=True):
    """What a check saw, and what to do about it."""

    state: State
    found: str
    remedy: str = ""


class NotConfigured(Exception):
    """The setting that names this part is empty; a machine need not know every part."""


class Probe:
    """What the checks share: connections, opened by the first check that needs them, and what is known so far."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.service = Service(settings)
        #: set by the checks that find them; the checks that use them name those in `needs`
        self.install: Install | None = None
        self.warehouse: Client | None = None
        self._redis: Redis | None = None

    async def __aenter__(self) -> Self:
        await self.service.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.service.__aexit__(kind, error, trace)
        if self._redis is not None:
            await self._redis.aclose()
        if self.warehouse is not None:
            await asyncio.to_thread(self.warehouse.close)

    def configured(self, field: str) -> str:
        """The value of a setting. Raises `NotConfigured` when it is empty."""
        value: str = getattr(self.settings, field)
        if not value:
            raise NotConfigured(f"HEADRACE_{field.upper()} is not set")
        return value

    def front_door(self) -> str:
        """Address of the front door. Raises `NotConfigured` when there is none."""
        self.configured("ingest_url" if self.settings.ingest_url else "url")
        return self.settings.front_door

    def queries(self) -> str:
        """Address of the query service. Raises `NotConfigured` when there is none."""
        self.configured("query_url" if self.settings.query_url else "url")
        return self.settings.queries

    def redis(self) -> Redis:
        """The client for Redis."""
        if self._redis is None:
            self._redis = stream.connect(self.configured("redis_url"))
        return self._redis


#: one question to one part
Look = Callable[[Probe], Awaitable[Finding]]


@dataclass(frozen=True)
class Check:
    """One question. `remedy` is for a check that raises; a finding brings its own."""

    name: str
    run: Look
    remedy: str = ""
    #: name of a check without which this one makes no sense
    needs: str = ""


def ok(found: str) -> Finding:
    """All is well."""
    return Finding(State.OK, found)


def warn(found: str, remedy: str) -> Finding:
    """It works, and may not for long."""
    return Finding(State.WARN, found, remedy)


def fail(found: str, remedy: str) -> Finding:
    """It does not work, or events are at risk."""
    return Finding(State.FAIL, found, remedy)


async def examine(checks: Sequence[Check], probe: Probe) -> AsyncIterator[tuple[Check, Finding]]:
    """Run the checks in order. One that fails stops only those that need it."""
    states: dict[str, State] = {}
    for check in checks:
        if check.needs and states[check.needs] in {State.FAIL, State.SKIPPED}:
            finding = Finding(State.SKIPPED, f"skipped: needs '{check.needs}'")
        else:
            finding = await _attempt(check, probe)
        states[check.name] = finding.state
        yield check, finding


async def _attempt(check: Check, probe: Probe) -> Finding:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await check.run(probe)
    except NotConfigured as error:
        return Finding(State.SKIPPED, str(error))
    except WrongUsage as error:
        return fail(str(error), "")
    except TimeoutError:
        return fail(f"no answer within {CHECK_SECONDS:g} s", check.remedy)
    except Exception as error:  # whatever one part throws, the others are still looked at
        first_line = (str(error) or type(error).__name__).splitlines()[0]
        return fail(printable(first_line[:300]), check.remedy)
