"""A producer who follows a document: runs its examples against the stack, and looks at what arrived."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import clickhouse_connect

from deploy.local import demo
from tests.verbatim import example
from tests.verbatim.secure import Secure
from workers.clickhouse.address import address

#: of an event, as the tests compare it
Arrived = tuple[str, str, str]


@dataclass
class Producer:
    """One document's reader, with keys of the project that owns the documents' site ids."""

    secure: Secure
    env: Mapping[str, str]
    write_key: str
    query_key: str
    folder: Path
    #: arrivals and answers are looked at from here on: Unix milliseconds, and a place in the list of answers
    begin: int
    answers: int

    async def runs(self, program: str, code: str) -> str:
        """What the example says. It must end well."""
        status, said, complained = await self.tries(program, code)
        assert status == 0, complained
        return said

    async def tries(self, program: str, code: str) -> tuple[int, str, str]:
        """Exit code, output and complaints of an example."""
        return await example.run(program, code, self.folder, self.secure.certificate)

    def printed(self, name: str) -> str:
        """The document's example with our host and write key."""
        return example.printed(name, self.secure.host, self.write_key)

    def mended(self, name: str) -> str:
        """The same for an example that cannot run as it is printed."""
        return example.mended(name, self.secure.host, self.write_key)

    @property
    def answered(self) -> list[tuple[str, int]]:
        """Path and status of what the stack answered in this test."""
        return [(path, status) for path, status, _ in self.secure.answered[self.answers :]]

    @property
    def user_agents(self) -> list[str]:
        """Who asked in this test."""
        return [user_agent for _, _, user_agent in self.secure.answered[self.answers :]]

    async def arrived(self) -> list[Arrived]:
        """Dialect, name and site of every row that this test stored, doubles included, once all of it is visible."""
        return [(row["dialect"], row["name"], row["site_id"]) for row in await self.rows()]

    async def rows(self) -> list[dict[str, Any]]:
        """The rows themselves, by name, properties as Python has them."""
        await demo.until_queryable(self.env["HEADRACE_REDIS_URL"], timeout=15)
        client = await clickhouse_connect.get_async_client(
            **address(self.env["HEADRACE_CLICKHOUSE_URL"]), autogenerate_session_id=False
        )
        query = "SELECT * FROM events WHERE project = 'demo' AND received_at >= fromUnixTimestamp64Milli({begin:Int64})"
        result = await client.query(f"{query} ORDER BY name", parameters={"begin": self.begin})
        await client.close()
        return list(result.named_results())
