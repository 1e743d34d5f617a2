/** @headrace/sdk: what a Node program imports. */

export { PulseClient } from './client.js'
export { AccessError, DeliveryError, InvalidEventError, PulseError, QueueFullError } from './errors.js'
export type { PulseOptions } from './options.js'
export type { AnyEvents, EventMap, PulseEvent, Receipt } from './typed.js'
export type { Fetch } from '../transport.js'
