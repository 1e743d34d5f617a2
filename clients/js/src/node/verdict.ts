/** What became of an event: a receipt, or an error. */

import type { Answer, Fault } from '../transport.js'
import { AccessError, DeliveryError, InvalidEventError, type PulseError } from './errors.js'
import type { Receipt } from './typed.js'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** The receipt of an event that was taken. */
export function receipt(key: string, answer: Answer): Receipt {
  const found: Receipt = { idempotencyKey: key }
  const taken = answer.sent - new Set(answer.faults.map((fault) => fault.index)).size
  if (UUID.test(key)) found.eventId = key.toLowerCase()
  if (answer.deduplicated === 0 || answer.deduplicated === taken) found.deduplicated = answer.deduplicated > 0
  return found
}

/** Why an event was not taken, or null. */
export function problem(answer: Answer, fault: Fault | undefined, tries: number): PulseError | null {
  const { status, cause, message } = answer
  if (fault && !fault.retry) return new InvalidEventError(fault.field, fault.message, status)
  if (status === 401 || status === 403) return new AccessError(message ?? `refused with status ${status}`, status)
  if (status === 200 && !fault) return null
  if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
    return new InvalidEventError('event', message ?? `refused with status ${status}`, status)
  }
  const what = fault?.message ?? message ?? (cause instanceof Error ? cause.message : `status ${status}`)
  const often = tries === 1 ? 'one try' : `${tries} tries`
  return new DeliveryError(`not acknowledged after ${often}: ${what}`, status, tries, cause)
}
