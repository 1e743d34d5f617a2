/** PulseClient: sends events from Node in batches, each exactly once, and says what became of it. */

import { randomBytes } from 'node:crypto'

import { Delivery, type Item } from '../delivery.js'
import type { Properties } from '../event.js'
import { keyMaker } from '../key.js'
import { post, type Answer, type Fault } from '../transport.js'
import { VERSION } from '../version.js'
import { DeliveryError, InvalidEventError, PulseError, QueueFullError } from './errors.js'
import { beforeExit } from './exit.js'
import { settings, type PulseOptions, type Settings } from './options.js'
import { prepare } from './prepare.js'
import type { AnyEvents, EventMap, PulseEvent, Receipt } from './typed.js'
import { problem, receipt } from './verdict.js'

/** Characters in one request; the front door takes 5 MiB. */
const BATCH_CHARS = 500_000

interface Waiting extends Item {
  key: string
  resolve: (receipt: Receipt) => void
  reject: (error: Error) => void
}

export class PulseClient<Events extends EventMap = AnyEvents> {
  private readonly settings: Settings
  private readonly delivery: Delivery<Waiting>
  private readonly unsettled = new Set<Promise<Receipt>>()
  private readonly newKey = keyMaker((count) => randomBytes(count))
  private readonly stayUntilSent: () => void
  private closed = false

  constructor(options: PulseOptions) {
    this.settings = settings(options)
    const { apiKey, endpoint, fetch, timeoutMs } = this.settings
    const headers: Record<string, string> = {
      'Content-Type': 'application/json',
      'User-Agent': `headrace/${VERSION} (node)`,
    }
    if (apiKey) headers.Authorization = `Bearer ${apiKey}`
    this.delivery = new Delivery<Waiting>(
      {
        queue: this.settings.maxQueue,
        batch: this.settings.batchSize,
        chars: BATCH_CHARS,
        linger: this.settings.flushIntervalMs,
        tries: this.settings.maxTries,
      },
      (bodies) => post({ endpoint, headers, timeoutMs, fetch }, bodies),
      settle,
    )
    this.stayUntilSent = beforeExit(() => this.flush(), this.settings.exitSignals)
  }

  /** Send an event. Resolves once it is acknowledged; rejects with a `PulseError`. */
  trackEvent<Name extends keyof Events & string>(event: PulseEvent<Events, Name>): Promise<Receipt> {
    const promise = this.queued(event as Properties)
    this.unsettled.add(promise)
    // nobody needs to look at the promise: an error that is looked at by `onError` alone must not end the process
    promise.catch(this.settings.onError).finally(() => this.unsettled.delete(promise))
    return promise
  }

  /** Send what waits now. Resolves once everything that was tracked before is acknowledged or given up. */
  async flush(): Promise<void> {
    this.delivery.flush()
    await Promise.allSettled(this.unsettled)
  }

  /** Flush, and take no more events. After `timeoutMs` what is not acknowledged is given up. */
  async close({ timeoutMs = Infinity }: { timeoutMs?: number } = {}): Promise<void> {
    this.closed = true
    let timer: ReturnType<typeof setTimeout> | undefined
    if (timeoutMs !== Infinity) timer = setTimeout(() => this.giveUp(), timeoutMs)
    await this.flush()
    clearTimeout(timer)
    this.stayUntilSent()
  }

  private queued(event: Properties): Promise<Receipt> {
    return new Promise((resolve, reject) => {
      if (this.closed) throw new PulseError('the client is closed')
      const sent = prepare(event, this.settings.siteId, this.newKey)
      const item = { body: text(sent), key: sent.idempotency_key, tries: 0, resolve, reject }
      if (!this.delivery.add(item)) {
        throw new QueueFullError(`${this.settings.maxQueue} events wait already; this one was not queued`)
      }
    })
  }

  private giveUp(): void {
    for (const { reject, tries } of this.delivery.clear()) {
      reject(new DeliveryError('the client was closed before this event was acknowledged', 0, tries))
    }
  }
}

function settle(item: Waiting, answer: Answer, fault?: Fault): void {
  const error = problem(answer, fault, item.tries)
  if (error) item.reject(error)
  else item.resolve(receipt(item.key, answer))
}

function text(event: Properties): string {
  try {
    return JSON.stringify(event)
  } catch (cause) {
    throw new InvalidEventError('event', `cannot be written as JSON: ${(cause as Error).message}`)
  }
}
