/** An event as it was said -> as it is sent, or an error that names the field. */

import { toWire, type Properties, type WireEvent } from '../event.js'
import { InvalidEventError } from './errors.js'

const TEXTS = ['site_id', 'session_id', 'user_id', 'client_id', 'url', 'referrer', 'device_type', 'country'] as const
const LONGEST_NAME = 255
/** As milliseconds that is April 1970: somebody sent seconds. */
const SECONDS_BEFORE = 10_000_000_000

/** The event with its site, its time and its key. Throws `InvalidEventError`. */
export function prepare(said: Properties, siteId: string, newKey: () => string): WireEvent {
  if (typeof said !== 'object' || said === null) throw new InvalidEventError('event', 'must be an object')
  const event = toWire({ site_id: siteId, timestamp: Date.now(), idempotency_key: newKey() }, said)
  checkText('event_type', event.event_type, LONGEST_NAME)
  checkText('idempotency_key', event.idempotency_key, LONGEST_NAME)
  for (const field of TEXTS) {
    const value = event[field]
    if (value !== undefined && value !== null && typeof value !== 'string') {
      throw new InvalidEventError(field, 'must be a string')
    }
  }
  return { ...event, timestamp: milliseconds(event.timestamp) } as WireEvent
}

function checkText(field: string, value: unknown, longest: number): void {
  if (typeof value !== 'string' || !value) throw new InvalidEventError(field, 'must be a string that is not empty')
  if (value.length > longest) throw new InvalidEventError(field, `must be at most ${longest} characters`)
}

function milliseconds(value: unknown): number {
  const time = value instanceof Date ? value.getTime() : value
  if (typeof time !== 'number' || !Number.isFinite(time)) {
    throw new InvalidEventError('timestamp', 'must be Unix milliseconds or a Date')
  }
  if (time > 0 && time < SECONDS_BEFORE) {
    throw new InvalidEventError('timestamp', 'must be Unix milliseconds; this looks like seconds')
  }
  return Math.trunc(time)
}
