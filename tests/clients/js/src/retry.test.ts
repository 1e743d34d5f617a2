/** Which answers are worth another try, and when it is made. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { pause, retryAfter, worthAnotherTry } from '../../../../clients/js/src/retry.js'

test('no answer, a late body, a rate and faults of the server are worth another try; other refusals are not', () => {
  assert.deepEqual([0, 408, 429, 500, 502, 503, 504].filter(worthAnotherTry), [0, 408, 429, 500, 502, 503, 504])
  assert.deepEqual([200, 204, 301, 400, 401, 403, 404, 405, 413, 415].filter(worthAnotherTry), [])
})

test('pauses double with jitter up to half a minute', () => {
  const seen = (failures: number): number[] => Array.from({ length: 200 }, () => pause(failures, 0))
  for (const [failures, longest] of [[1, 500], [2, 1000], [5, 8000], [7, 30_000], [50, 30_000]] as const) {
    const pauses = seen(failures)
    assert.ok(pauses.every((ms) => ms >= longest / 2 && ms <= longest), `${failures}`)
    assert.ok(new Set(pauses).size > 100, 'they differ')
  }
})

test('what the server asks for is the least', () => {
  assert.equal(pause(1, 60_000), 60_000)
})

test('Retry-After is read in seconds and as a date; what cannot be read asks for nothing', () => {
  assert.equal(retryAfter('5'), 5000)
  assert.equal(retryAfter('0'), 0)
  assert.equal(retryAfter(null), 0)
  assert.equal(retryAfter('soon'), 0)
  assert.equal(retryAfter('-3'), 0)
  const asked = retryAfter(new Date(Date.now() + 10_000).toUTCString())
  assert.ok(asked > 8000 && asked <= 10_000)
})
