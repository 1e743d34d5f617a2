/** A bounded queue and what empties it: batches, one after the other, each tried until it is answered. */

import { pause, worthAnotherTry } from './retry.js'
import type { Answer, Fault } from './transport.js'

/** An event that waits. Its text is made once, so that every try sends the same bytes. */
export interface Item {
  body: string
  tries: number
}

/** Bounds of the queue and of a batch. */
export interface Bounds {
  /** Events that may wait. */
  queue: number
  /** Events in a batch. */
  batch: number
  /** Characters in a batch. A single event may be longer. */
  chars: number
  /** Milliseconds that an event waits for others. */
  linger: number
  /** How often an event is sent at most. */
  tries: number
}

/** Told once of each event: the answer, and what is wrong with this one where something is. */
export type Settled<T> = (item: T, answer: Answer, fault?: Fault) => void

export class Delivery<T extends Item> {
  /** What is not settled, oldest first. */
  items: T[] = []
  private _flying = new Set<T>()
  private _timer: ReturnType<typeof setTimeout> | undefined
  private _running = false
  private _failures = 0
  /** Events in the next batch: fewer where a rate is too small for more. */
  private _size: number

  constructor(
    private _bounds: Bounds,
    private _send: (bodies: string[]) => Promise<Answer>,
    private _settled: Settled<T>,
  ) {
    this._size = _bounds.batch
  }

  /** Queue an event. False, and nothing else, when the queue is full. */
  add(item: T): boolean {
    if (this.items.length >= this._bounds.queue) return false
    this.items.push(item)
    if (!this._failures && this.items.length >= this._size) this.wake()
    else if (!this._timer) this._later(this._bounds.linger, true)
    return true
  }

  /** Send what waits for others now. What failed keeps its pause. */
  flush(): void {
    if (!this._failures || !this._timer) this.wake()
  }

  /** Send what waits now, whatever failed before. */
  wake(): void {
    clearTimeout(this._timer)
    this._timer = undefined
    void this._run()
  }

  /** Forget everything, and return it. */
  clear(): T[] {
    clearTimeout(this._timer)
    this._timer = undefined
    this._failures = 0
    return this.items.splice(0)
  }

  /** What waits and is not on its way, cut into batches; for a sender of its own. */
  batches(): T[][] {
    const waiting = this.items.filter((item) => !this._flying.has(item))
    const found: T[][] = []
    while (waiting.length) found.push(waiting.splice(0, this._fitting(waiting)))
    return found
  }

  /** Send one batch. What is to be sent again stays in the queue, and goes out after a pause. */
  async deliver(batch: T[]): Promise<void> {
    for (const item of batch) this._flying.add(item)
    const answer = await this._send(batch.map((item) => item.body))
    const faults = new Map(answer.faults.map((fault) => [fault.index, fault]))
    const again = worthAnotherTry(answer.status)
    let failed = again
    batch.forEach((item, index) => {
      this._flying.delete(item)
      const fault = faults.get(index)
      item.tries++
      if (again || fault?.retry) {
        failed = true
        if (item.tries < this._bounds.tries) return
      }
      const place = this.items.indexOf(item)
      if (place < 0) return // it was cleared meanwhile
      this.items.splice(place, 1)
      this._settled(item, answer, fault)
    })
    this._size = answer.status === 429 ? Math.max(1, batch.length >> 1) : this._bounds.batch
    this._failures = failed ? this._failures + 1 : 0
    if (failed && this.items.length) this._later(pause(this._failures, answer.retryAfter), false)
  }

  private async _run(): Promise<void> {
    if (this._running) return
    this._running = true
    for (let batch = this.batches()[0]; batch; batch = this._failures ? undefined : this.batches()[0]) {
      await this.deliver(batch)
    }
    this._running = false
  }

  /** How many of these make a batch. */
  private _fitting(items: T[]): number {
    let chars = 0
    const full = items.findIndex((item, index) => (chars += item.body.length) > this._bounds.chars && index > 0)
    return Math.min(this._size, full < 0 ? items.length : full)
  }

  /** Run later. Waiting for other events does not keep a process alive; a pause does. */
  private _later(ms: number, idle: boolean): void {
    clearTimeout(this._timer)
    this._timer = setTimeout(() => this.wake(), ms)
    if (idle) (this._timer as { unref?: () => void }).unref?.()
  }
}
