"""The Hardal Events API: the document's request in the five languages that it prints."""

import pytest

from tests.verbatim.producer import Producer

pytestmark = pytest.mark.stack

_EVENT = ("hardal", "page_view", "demo")


@pytest.mark.parametrize(
    ("program", "says", "user_agent"),
    [
        ("curl", '{"ok":true}', "curl/"),
        ("python", "{'ok': True}\n", "python-requests/"),
        ("node", "{ ok: true }\n", "node"),
        ("ruby", '{"ok":true}\n', "Ruby"),
    ],
)
async def test_the_document_s_program_gets_ok_and_its_event_arrives_once(
    producer: Producer, program: str, says: str, user_agent: str
) -> None:
    assert await producer.runs(program, producer.printed(f"hardal/{program}")) == says
    assert producer.answered == [("/push/hardal", 200)]
    assert producer.user_agents[0].startswith(user_agent)
    assert await producer.arrived() == [_EVENT]


async def test_the_document_s_go_program_runs_without_the_import_that_it_does_not_use(producer: Producer) -> None:
    status, _, complained = await producer.tries("go", producer.printed("hardal/go"))
    assert status != 0
    assert "encoding/json" in complained
    assert "not used" in complained
    assert await producer.runs("go", producer.mended("hardal/go")) == "Response Status: 200 OK\n"
    assert producer.answered == [("/push/hardal", 200)]
    assert producer.user_agents[0].startswith("Go-http-client/")
    assert await producer.arrived() == [_EVENT]


async def test_what_the_document_says_is_what_is_stored(producer: Producer) -> None:
    await producer.runs("curl", producer.printed("hardal/curl"))
    (row,) = await producer.rows()
    told = ("url", "title", "device_type", "language", "platform", "properties")
    assert {field: row[field] for field in told} == {
        "url": "https://yourstore.com/products",
        "title": "Products",
        "device_type": "desktop",
        "language": "en-US",
        "platform": "web",
        "properties": {},
    }
