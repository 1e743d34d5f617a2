/** The event: what a caller says in camelCase or as the document writes it, and how it goes over the wire. */

/** What an event may say beside its properties. Every other field of an event is one of its properties. */
export interface Envelope {
  /** The site; that of the client unless it is given. */
  siteId?: string
  /** When it happened: Unix milliseconds or a Date; now unless it is given. */
  timestamp?: number | Date
  sessionId?: string
  userId?: string
  /** An anonymous id of the device. */
  clientId?: string
  url?: string
  referrer?: string
  deviceType?: string
  /** ISO 3166-1 alpha-2. */
  country?: string
  /** Events of one project with equal keys are one event. Made for each event unless it is given. */
  idempotencyKey?: string
}

/** The same in the words of the wire. */
export interface WireEnvelope {
  site_id?: string
  timestamp?: number | Date
  session_id?: string
  user_id?: string
  client_id?: string
  url?: string
  referrer?: string
  device_type?: string
  country?: string
  idempotency_key?: string
}

export type Properties = Record<string, unknown>

/** An event as it is sent. */
export interface WireEvent extends Properties {
  event_type: string
  timestamp: number
  idempotency_key: string
}

const WIRE: Record<string, string> = {
  siteId: 'site_id',
  eventType: 'event_type',
  sessionId: 'session_id',
  userId: 'user_id',
  clientId: 'client_id',
  deviceType: 'device_type',
  idempotencyKey: 'idempotency_key',
}

/** The fields in the words of the wire, over what is known anyway. A field that is undefined was not said. */
export function toWire(known: Properties, said: Properties): Properties {
  const wire = { ...known }
  for (const [name, value] of Object.entries(said)) if (value !== undefined) wire[WIRE[name] ?? name] = value
  return wire
}
