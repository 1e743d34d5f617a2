"""PulseClient in real Node against the real stack: each event once, and its sender told what became of it."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.clients.js.program import printed, ran, started
from tests.clients.js.src.shop import Shop

pytestmark = pytest.mark.stack

_ESM = "import { PulseClient } from '@headrace/sdk'\n"
_CJS = "const { PulseClient } = require('@headrace/sdk')\n"


def client(shop: Shop, **options: Any) -> str:
    """The line that makes a client; options are JavaScript."""
    known = {"siteId": f"'{shop.site_id}'", "apiKey": f"'{shop.write_key}'", "endpoint": f"'{shop.endpoint}'"}
    return f"const pulse = new PulseClient({{{', '.join(f'{k}: {v}' for k, v in {**known, **options}.items())}}})\n"


async def test_the_document_s_snippets_run_as_they_are_printed(shop: Shop, tmp_path: Path) -> None:
    for name in ("first-event.mjs", "custom-event.mjs"):
        await ran(tmp_path, printed(name, shop.endpoint, shop.write_key, shop.site_id))
    view, signup = await shop.rows()
    assert (view["name"], view["session_id"], view["url"], view["device_type"]) == (
        *("page_view", "session_123"),
        *("/products", "desktop"),
    )
    told = (signup["name"], signup["session_id"], signup["user_id"], signup["url"], signup["properties"])
    assert told == ("user_signup", "session_123", "user_123", "https://example.com/", {})
    await shop.counted("page_view", 1)


@pytest.mark.parametrize(("ending", "start"), [("mjs", _ESM), ("cjs", _CJS)])
async def test_a_receipt_names_the_event_in_both_kinds_of_modules(
    shop: Shop, tmp_path: Path, ending: str, start: str
) -> None:
    body = """
      const say = (value) => console.log(JSON.stringify(value))
      const event = { eventType: 'order', idempotencyKey: 'order-42', price: 9.5 }
      const made = async () => {
        say(await pulse.trackEvent({ eventType: 'visit' }))
        say(await pulse.trackEvent(event))
        say(await pulse.trackEvent(event))
      }
      made()"""
    said = await ran(tmp_path, start + client(shop) + body, ending)
    first, second, third = map(orjson.loads, said.splitlines())
    visit, order = sorted(await shop.rows(), key=lambda row: row["name"], reverse=True)
    assert first == {"idempotencyKey": str(visit["event_id"]), "eventId": str(visit["event_id"]), "deduplicated": False}
    assert second == {"idempotencyKey": "order-42", "deduplicated": False}
    assert third == {"idempotencyKey": "order-42", "deduplicated": True}
    assert (order["name"], order["properties"], visit["site_id"]) == ("order", {"price": 9.5}, shop.site_id)


async def test_what_nobody_waited_for_is_sent_before_the_process_ends(shop: Shop, tmp_path: Path) -> None:
    body = "for (let n = 0; n < 1234; n++) pulse.trackEvent({ eventType: 'tick', sessionId: 's', n })"
    await ran(tmp_path, _ESM + client(shop, flushIntervalMs=3_600_000) + body)
    await shop.counted("tick", 1234)
    rows = await shop.rows()
    assert [row["properties"]["n"] for row in rows] == list(range(1234)), "in the order in which they were made"


async def test_on_a_signal_that_it_was_asked_to_mind_the_process_sends_first(shop: Shop, tmp_path: Path) -> None:
    body = """
      setInterval(() => {}, 1000)
      pulse.trackEvent({ eventType: 'last' })
      console.log('waits')"""
    options = {"flushIntervalMs": 3_600_000, "exitSignals": "['SIGTERM']"}
    process = await started(tmp_path, _ESM + client(shop, **options) + body)
    assert process.stdout
    assert await asyncio.wait_for(process.stdout.readline(), 30) == b"waits\n"
    process.terminate()
    await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == -15
    await shop.counted("last", 1)


async def test_an_event_whose_answer_was_lost_is_one_event(shop: Shop, tmp_path: Path) -> None:
    lossy = """async (...given) => {
      const answer = await fetch(...given)
      if (lost++ < 2) throw new TypeError('the answer is lost')
      return answer
    }"""
    body = "console.log(JSON.stringify([await pulse.trackEvent({ eventType: 'buy' }), lost]))"
    said = await ran(tmp_path, f"let lost = 0\n{_ESM}" + client(shop, fetch=lossy) + body)
    receipt, lost = orjson.loads(said)
    (row,) = await shop.rows()
    assert (receipt["eventId"], receipt["deduplicated"], lost) == (str(row["event_id"]), True, 3)


async def test_what_the_front_door_refuses_is_told_of_the_event_alone(shop: Shop, tmp_path: Path) -> None:
    body = """
      const settled = await Promise.allSettled([
        pulse.trackEvent({ eventType: 'right' }),
        pulse.trackEvent({ eventType: 'wrong', country: 'USA' }),
        pulse.trackEvent({ eventType: 'old', timestamp: Date.now() - 40 * 86400000 }),
        pulse.trackEvent({ eventType: 'alien', siteId: 'site_of_others' }),
      ])
      for (const { reason } of settled) {
        console.log(JSON.stringify(reason ? [reason.name, reason.field, reason.status, reason.message] : null))
      }"""
    said = await ran(tmp_path, _ESM + client(shop, onError="() => {}") + body)
    right, wrong, old, alien = map(orjson.loads, said.splitlines())
    assert right is None
    assert wrong[:3] == ["InvalidEventError", "country", 200]
    assert wrong[3] == "country: must be two letters of ISO 3166-1 such as US"
    assert old == ["InvalidEventError", "timestamp", 200, "timestamp: is more than 30 days ago"]
    assert alien[:3] == ["InvalidEventError", "site_id", 200]
    assert [row["name"] for row in await shop.rows()] == ["right"]


async def test_every_other_failure_has_its_error_and_no_promise_ends_the_process(shop: Shop, tmp_path: Path) -> None:
    unanswered = {"endpoint": "'http://127.0.0.1:9'", "maxTries": 2, "onError": "(error) => seen.push(error)"}
    body = f"""
      const say = (error) => console.log(JSON.stringify([error.name, error.status, error.tries ?? null, error.message]))
      const refused = new PulseClient({{ siteId: 's', apiKey: 'wrong', endpoint: '{shop.endpoint}', onError() {{}} }})
      await refused.trackEvent({{ eventType: 'a' }}).catch(say)
      const none = await pulse.trackEvent({{ eventType: 'b' }}).catch((error) => error)
      say(none)
      console.log(none.cause instanceof Error, seen.length)
      const small = new PulseClient({{ siteId: 's', endpoint: 'http://127.0.0.1:9', maxQueue: 1, onError() {{}} }})
      small.trackEvent({{ eventType: 'c' }})
      await small.trackEvent({{ eventType: 'd' }}).catch(say)
      await small.close({{ timeoutMs: 50 }})
      await small.trackEvent({{ eventType: 'e' }}).catch(say)
      pulse.trackEvent({{}})
      const circle = {{ eventType: 'f' }}
      await pulse.trackEvent(Object.assign(circle, {{ circle }})).catch(say)"""
    said = await ran(tmp_path, f"const seen = []\n{_ESM}" + client(shop, **unanswered) + body)
    lines = said.splitlines()
    assert orjson.loads(lines[0]) == [
        *("AccessError", 401, None),
        "The key is missing or not valid. Send a write key of your project.",
    ]
    assert orjson.loads(lines[1])[:3] == ["DeliveryError", 0, 2]
    assert orjson.loads(lines[1])[3].startswith("not acknowledged after 2 tries: ")
    assert lines[2] == "true 1"
    assert orjson.loads(lines[3])[:2] == ["QueueFullError", 0]
    assert orjson.loads(lines[4]) == ["PulseError", 0, None, "the client is closed"]
    assert orjson.loads(lines[5])[0] == "InvalidEventError"


async def test_wrong_options_are_named_at_once(tmp_path: Path) -> None:
    body = """
      for (const options of [
        { endpoint: 'https://a.example' }, { siteId: 's' }, { siteId: 's', endpoint: 'a.example' },
        { siteId: 's', endpoint: 'https://a.example', batchSize: 0 },
        { siteId: 's', endpoint: 'https://a.example', maxTries: NaN },
      ]) {
        try { new PulseClient(options); console.log('taken') }
        catch (error) { console.log(error.name, error.message) }
      }"""
    said = await ran(tmp_path, _ESM + body)
    assert [line.split(":")[0] for line in said.splitlines()] == [
        f"TypeError {name}" for name in ("siteId", "endpoint", "endpoint", "batchSize", "maxTries")
    ]
