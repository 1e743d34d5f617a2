/** Types of events: which properties an event of which name has. */

import type { Envelope, Properties, WireEnvelope } from '../event.js'

/** Names of events -> their properties. */
export type EventMap = Record<string, object>

/** Any name, any properties. */
export type AnyEvents = Record<string, Properties>

/** An event of this name in camelCase, or as the document writes it. */
export type PulseEvent<Events extends EventMap, Name extends keyof Events & string> = (
  | ({ eventType: Name } & Envelope)
  | ({ event_type: Name } & WireEnvelope)
) &
  Events[Name]

/** An event that was taken. */
export interface Receipt {
  /** The event's id: its key where that is a UUID, as it is unless you gave one of your own. */
  eventId?: string
  /** Its key. */
  idempotencyKey: string
  /** Whether it was known already; left out where the answer to its batch does not tell. */
  deduplicated?: boolean
}
