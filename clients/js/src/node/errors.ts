/**
 * What can go wrong with an event.
 *
 *     PulseError
 *       InvalidEventError     it cannot be sent: a field is wrong, found here or by the front door
 *       AccessError           the key, the site or the origin is not let in
 *       QueueFullError        too many events wait already
 *       DeliveryError         no try was answered, or the client was closed before
 */

/** Every error of this package. */
export class PulseError extends Error {
  /** HTTP status of the answer; 0 when there was none. */
  readonly status: number

  constructor(message: string, status = 0, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = new.target.name
    this.status = status
  }
}

/** A field of the event is wrong. */
export class InvalidEventError extends PulseError {
  /** The field in the words of the wire, such as `timestamp`; `event` where it is the whole. */
  readonly field: string
  /** What is wrong with it. */
  readonly reason: string

  constructor(field: string, reason: string, status = 0) {
    super(`${field}: ${reason}`, status)
    this.field = field
    this.reason = reason
  }
}

/** The front door does not let this client in. */
export class AccessError extends PulseError {}

/** The event was not queued: as many wait as the queue holds. */
export class QueueFullError extends PulseError {}

/** The event was not acknowledged. It may have arrived all the same: the same `idempotencyKey` makes a repeat safe. */
export class DeliveryError extends PulseError {
  /** How often it was sent. */
  readonly tries: number

  constructor(message: string, status: number, tries: number, cause?: unknown) {
    super(message, status, cause)
    this.tries = tries
  }
}
