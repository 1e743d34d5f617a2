/** Idempotency keys: UUIDs that the front door takes for ids, different and rising. */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'

import { keyMaker } from '../../../../clients/js/src/key.js'

const UUID_7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

test('keys are UUIDs of version 7 that tell when they were made', () => {
  const newKey = keyMaker((count) => randomBytes(count))
  const before = Date.now()
  const key = newKey()
  assert.match(key, UUID_7)
  const told = parseInt(key.replace('-', '').slice(0, 12), 16)
  assert.ok(told >= before && told <= Date.now())
})

test('keys rise, also more of them than fit into a millisecond, and none comes twice', () => {
  const newKey = keyMaker((count) => randomBytes(count))
  const keys = Array.from({ length: 20_000 }, newKey)
  assert.deepEqual(keys, [...keys].sort())
  assert.equal(new Set(keys).size, keys.length)
  assert.ok(keys.every((key) => UUID_7.test(key)))
})

test('makers that make at the same moment make different keys', () => {
  const [one, other] = [keyMaker((count) => randomBytes(count)), keyMaker((count) => randomBytes(count))]
  assert.notEqual(one(), other())
})
