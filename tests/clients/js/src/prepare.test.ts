/** An event as it was said becomes an event as it is sent, or an error that names the field. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { toWire } from '../../../../clients/js/src/event.js'
import { InvalidEventError } from '../../../../clients/js/src/node/errors.js'
import { prepare } from '../../../../clients/js/src/node/prepare.js'

const prepared = (said: unknown) => prepare(said as Record<string, unknown>, 'shop', () => 'key')

test('both spellings are one event, and all else is a property', () => {
  const at = new Date(1_795_257_000_000)
  const camel = prepared({ eventType: 'a', sessionId: 's', userId: 'u', clientId: 'c', deviceType: 'mobile', timestamp: at, planType: 'x' })
  const snake = prepared({ event_type: 'a', session_id: 's', user_id: 'u', client_id: 'c', device_type: 'mobile', timestamp: +at, planType: 'x' })
  assert.deepEqual(camel, snake)
  assert.deepEqual(camel, {
    site_id: 'shop', idempotency_key: 'key', event_type: 'a', session_id: 's', user_id: 'u', client_id: 'c',
    device_type: 'mobile', timestamp: 1_795_257_000_000, planType: 'x',
  })
})

test('site, time and key are made unless they are said', () => {
  const before = Date.now()
  const event = prepared({ eventType: 'a', idempotencyKey: undefined })
  assert.deepEqual([event.site_id, event.idempotency_key], ['shop', 'key'])
  assert.ok(event.timestamp >= before && event.timestamp <= Date.now())
  const other = prepared({ eventType: 'a', siteId: 'blog', idempotencyKey: 'order-42', timestamp: 1_795_257_000_000.7 })
  assert.deepEqual([other.site_id, other.idempotency_key, other.timestamp], ['blog', 'order-42', 1_795_257_000_000])
})

for (const [field, said] of [
  ['event_type', {}],
  ['event_type', { eventType: '' }],
  ['event_type', { eventType: 'x'.repeat(256) }],
  ['idempotency_key', { eventType: 'a', idempotencyKey: 7 }],
  ['timestamp', { eventType: 'a', timestamp: 1_795_257_000 }],
  ['timestamp', { eventType: 'a', timestamp: '2026-11-20' }],
  ['timestamp', { eventType: 'a', timestamp: new Date('never') }],
  ['user_id', { eventType: 'a', userId: 42 }],
  ['url', { eventType: 'a', url: new URL('https://a.example/') }],
  ['event', null],
  ['event', 'page_view'],
] as const) {
  test(`${field} is named where it is wrong: ${JSON.stringify(said)}`, () => {
    assert.throws(() => prepared(said), (error: unknown) => {
      assert.ok(error instanceof InvalidEventError)
      assert.equal(error.name, 'InvalidEventError')
      assert.equal(error.field, field)
      assert.equal(error.message, `${field}: ${error.reason}`)
      return true
    })
  })
}

test('a field that is undefined was not said', () => {
  assert.deepEqual(toWire({ url: 'a', user_id: 'u' }, { url: undefined, userId: undefined, plan: null }), { url: 'a', user_id: 'u', plan: null })
})
