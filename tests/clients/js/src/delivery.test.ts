/** The queue and what empties it: batches, pauses, and what is sent again. */

import assert from 'node:assert/strict'
import { after, test } from 'node:test'

import { Delivery, type Item } from '../../../../clients/js/src/delivery.js'
import type { Answer, Fault } from '../../../../clients/js/src/transport.js'

// waiting for other events does not keep a process alive
const alive = setInterval(() => undefined, 1000)
after(() => clearInterval(alive))

const BOUNDS = { queue: 10, batch: 4, chars: 100, linger: 1, tries: 3 }
const taken = (bodies: string[]): Answer => ({ status: 200, retryAfter: 0, sent: bodies.length, deduplicated: 0, faults: [] })

/** A delivery to a front door that answers in this way, with what it was sent and what was settled. */
function delivery(answer: (bodies: string[], time: number) => Partial<Answer>, bounds = {}) {
  const sent: string[][] = []
  const settled: [string, number, Fault?][] = []
  let done = (): void => undefined
  const send = async (bodies: string[]): Promise<Answer> => {
    sent.push(bodies)
    return { ...taken(bodies), ...answer(bodies, sent.length) }
  }
  const made = new Delivery<Item>({ ...BOUNDS, ...bounds }, send, (item, { status }, fault) => {
    settled.push(fault ? [item.body, status, fault] : [item.body, status])
    if (!made.items.length) done()
  })
  const add = (...bodies: string[]): boolean[] => bodies.map((body) => made.add({ body, tries: 0 }))
  return { made, sent, settled, add, empty: new Promise<void>((resolve) => (done = resolve)) }
}

test('events wait for others, and go out together in their order', async () => {
  const { sent, settled, add, empty } = delivery(() => ({}))
  add('a', 'b', 'c')
  assert.deepEqual(sent, [])
  await empty
  assert.deepEqual(sent, [['a', 'b', 'c']])
  assert.deepEqual(settled, [['a', 200], ['b', 200], ['c', 200]])
})

test('a batch holds so many events and characters, and a longer event goes alone', async () => {
  const long = 'x'.repeat(200)
  const { sent, add, empty } = delivery(() => ({}), { linger: 60_000 })
  add('1', '2', '3', '4', '5', long, '6')
  await empty
  assert.deepEqual(sent, [['1', '2', '3', '4'], ['5'], [long], ['6']])
})

test('a full queue takes nothing, and says so', () => {
  const { made, add } = delivery(() => ({ status: 0 }), { queue: 2, linger: 60_000 })
  assert.deepEqual(add('a', 'b', 'c'), [true, true, false])
  assert.equal(made.clear().length, 2)
})

for (const status of [0, 408, 429, 500, 502, 503]) {
  test(`after ${status} the same bytes are sent again after a pause`, async () => {
    const { sent, settled, add, empty } = delivery((_, time) => (time === 1 ? { status } : {}))
    const begin = Date.now()
    add('a')
    await empty
    assert.deepEqual(sent, [['a'], ['a']])
    assert.deepEqual(settled, [['a', 200]])
    assert.ok(Date.now() - begin >= 250, 'it paused')
  })
}

for (const status of [400, 401, 403, 404, 413]) {
  test(`after ${status} nothing is sent again`, async () => {
    const { sent, settled, add, empty } = delivery(() => ({ status }))
    add('a')
    await empty
    assert.deepEqual([sent, settled], [[['a']], [['a', status]]])
  })
}

test('the server is not asked earlier than it says', async () => {
  const { add, empty } = delivery((_, time) => (time === 1 ? { status: 503, retryAfter: 900 } : {}))
  const begin = Date.now()
  add('a')
  await empty
  assert.ok(Date.now() - begin >= 900)
})

test('an event that is wrong does not hold up others, and one that was not written is sent again alone', async () => {
  const wrong = { index: 1, field: 'url', message: 'must be a string' }
  const again = { index: 2, field: 'event', message: 'could not be written now', retry: true }
  const { sent, settled, add, empty } = delivery((_, time) => (time === 1 ? { faults: [wrong, again] } : {}))
  add('a', 'b', 'c')
  await empty
  assert.deepEqual(sent, [['a', 'b', 'c'], ['c']])
  assert.deepEqual(settled, [['a', 200], ['b', 200, wrong], ['c', 200]])
})

test('an event is given up after so many tries, and the next one is sent all the same', async () => {
  const first = delivery(() => ({ status: 503 }), { tries: 1 })
  first.add('a')
  await first.empty
  assert.deepEqual(first.settled, [['a', 503]])
  first.add('b')
  while (first.settled.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.deepEqual(first.sent, [['a'], ['b']])
})

test('where a rate is too small for a batch, smaller ones are sent', async () => {
  const { sent, add, empty } = delivery((bodies) => (bodies.length > 1 ? { status: 429 } : {}))
  add('a', 'b', 'c', 'd')
  await empty
  assert.deepEqual(sent.slice(0, 3).map((bodies) => bodies.length), [4, 2, 1])
})

test('what is on its way is not handed over a second time, and what failed can be hurried', async () => {
  let answer = (_: Answer): void => undefined
  const made = new Delivery<Item>({ ...BOUNDS, linger: 60_000 }, () => new Promise((resolve) => (answer = resolve)), () => undefined)
  made.add({ body: 'a', tries: 0 })
  made.flush()
  made.add({ body: 'b', tries: 0 })
  assert.deepEqual(made.batches().map((items) => items.map((item) => item.body)), [['b']])
  answer({ ...taken(['a']), status: 0, retryAfter: 60_000 })
  await new Promise((resolve) => setTimeout(resolve, 5))
  const waiting = made.items.length
  made.flush()
  assert.equal(made.batches().length, 1, 'a flush keeps the pause')
  made.wake()
  assert.deepEqual([waiting, made.batches().length], [2, 0])
  made.clear()
})
