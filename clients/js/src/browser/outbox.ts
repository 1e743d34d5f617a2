/** What is on its way: sent in batches, kept while offline, handed over when the page is left. */

import { Delivery, type Item } from '../delivery.js'
import { batch, post, type Answer, type Fault, type Target } from '../transport.js'
import { keep, kept, recall } from './storage.js'

/** Events that may wait; what a browser takes with it from a page that is left is 64 KB. */
const BOUNDS = { queue: 500, batch: 50, chars: 30_000, tries: Infinity }
const KEEPALIVE_BYTES = 60_000
const TIMEOUT_MS = 15_000
/** What is kept of this page, apart from what is kept of other tabs. */
const QUEUE = 'queue.'

/** Where to, and what may be kept: asked each time, for consent may change. */
export interface Sending {
  endpoint: string
  apiKey?: string
  linger: number
  lasting: () => boolean
}

export class Outbox {
  private _delivery: Delivery<Item>
  /** What a beacon took; it need not take it again. */
  private _handed = new WeakSet<Item>()
  private _name: string
  private _target: Target

  constructor(
    private _sending: Sending,
    newId: () => string,
  ) {
    const { endpoint, apiKey, linger } = _sending
    // without a key and as text the browser need not ask first whether it may send
    const headers: Record<string, string> = { 'Content-Type': apiKey ? 'application/json' : 'text/plain' }
    if (apiKey) headers.Authorization = `Bearer ${apiKey}`
    this._target = { endpoint, headers, timeoutMs: TIMEOUT_MS, fetch: (url, init) => fetch(url, init) }
    this._name = QUEUE + newId()
    this._delivery = new Delivery({ ...BOUNDS, linger }, (bodies) => this._post(bodies), settled(this))
    addEventListener('online', () => this._delivery.wake())
    addEventListener('pagehide', () => this.leave())
    document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && this.leave())
    this.adopt()
  }

  add(body: string): void {
    if (!this._delivery.add({ body, tries: 0 })) console.warn('PULSE: too many events wait; one was dropped')
    this.save()
  }

  flush(): void {
    this._delivery.flush()
  }

  clear(): void {
    this._delivery.clear()
  }

  /** Take over what pages before this one kept. A page that is still open sends its own too: equal keys are one event. */
  adopt(): void {
    if (!this._sending.lasting()) return
    for (const name of kept('localStorage', QUEUE)) {
      if (name === this._name) continue
      for (const body of recall<string[]>('localStorage', name) ?? []) this._delivery.add({ body, tries: 0 })
      keep('localStorage', name)
    }
    this.save()
  }

  /** Keep what waits, where that may be. */
  save(): void {
    if (!this._sending.lasting()) return
    const bodies = this._delivery.items.map((item) => item.body)
    keep('localStorage', this._name, bodies.length ? bodies : undefined)
  }

  /** Send what waits at once, in a way that outlives the page. It waits on until an answer is seen. */
  leave(): void {
    for (const items of this._delivery.batches()) {
      if ('keepalive' in Request.prototype) void this._delivery.deliver(items)
      else this._hand(items.filter((item) => !this._handed.has(item)))
    }
  }

  /** Hand over to browsers that cannot keep a fetch alive. A beacon has no headers and no answer. */
  private _hand(items: Item[]): void {
    const { endpoint, apiKey } = this._sending
    const body = batch(items.map((item) => item.body), apiKey)
    if (items.length && navigator.sendBeacon(`${endpoint}/collect/batch`, body)) {
      for (const item of items) this._handed.add(item)
    }
  }

  private _post(bodies: string[]): Promise<Answer> {
    return post(this._target, bodies, new Blob(bodies).size < KEEPALIVE_BYTES)
  }
}

function settled(outbox: Outbox): (item: Item, answer: Answer, fault?: Fault) => void {
  return (_item, answer, fault) => {
    const why = fault ? `${fault.field}: ${fault.message}` : answer.status > 299 && answer.message
    if (why) console.warn(`PULSE: an event was refused: ${why}`)
    outbox.save()
  }
}
