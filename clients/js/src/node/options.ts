/** What a client is made with. */

import type { Fetch } from '../transport.js'

export interface PulseOptions {
  /** The site that events belong to unless they name one. */
  siteId: string
  /** A write key. May be left out for a project that takes events without one. */
  apiKey?: string
  /** Where the front door is, such as `https://events.example.com`. */
  endpoint: string
  /** Events in one request at most. 100. */
  batchSize?: number
  /** Milliseconds that an event waits for others. 20. */
  flushIntervalMs?: number
  /** Events that may wait. 10,000. */
  maxQueue?: number
  /** How often an event is sent at most. 10: about two minutes. */
  maxTries?: number
  /** Milliseconds for one request. 10,000. */
  timeoutMs?: number
  /** Signals on which the process sends what waits, then ends as the signal says. None. */
  exitSignals?: readonly string[]
  /** Instead of the global `fetch`. */
  fetch?: Fetch
  /** Told of every event that was not taken, whether or not its promise is looked at. A warning on the console. */
  onError?: (error: Error) => void
}

export type Settings = Required<PulseOptions>

/** The options with everything that was left out. Throws a TypeError that names the option. */
export function settings(options: PulseOptions): Settings {
  const fetch = options.fetch ?? globalThis.fetch
  if (!options.siteId) throw new TypeError('siteId: give the site that these events belong to')
  if (!/^https?:\/\//.test(options.endpoint ?? '')) {
    throw new TypeError(`endpoint: give the front door's address, such as https://events.example.com`)
  }
  if (!fetch) throw new TypeError('fetch: there is no global fetch here; give one')
  return {
    siteId: options.siteId,
    apiKey: options.apiKey ?? '',
    endpoint: options.endpoint.replace(/\/+$/, ''),
    batchSize: positive('batchSize', options.batchSize, 100),
    flushIntervalMs: positive('flushIntervalMs', options.flushIntervalMs, 20, 0),
    maxQueue: positive('maxQueue', options.maxQueue, 10_000),
    maxTries: positive('maxTries', options.maxTries, 10),
    timeoutMs: positive('timeoutMs', options.timeoutMs, 10_000),
    exitSignals: options.exitSignals ?? [],
    fetch,
    onError: options.onError ?? ((error) => console.warn(`PULSE: ${error.message}`)),
  }
}

function positive(name: string, value: number | undefined, usual: number, least = 1): number {
  const chosen = value ?? usual
  if (!(chosen >= least)) throw new TypeError(`${name}: must be a number of at least ${least}`)
  return chosen
}
