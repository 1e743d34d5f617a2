/** What the tracker is set up with, by `init` or by the attributes of its tag. */

export interface TrackerOptions {
  siteId: string
  /** A write key; left out for a project that takes events without one. */
  apiKey?: string
  /** The front door; where the script came from unless it is given. */
  endpoint?: string
  /** Page views by themselves, navigation within the page included. */
  auto?: boolean
  /** With `auto`, what follows the `#` makes another page. */
  hash?: boolean
  /** Clicks on links that lead elsewhere. */
  outbound?: boolean
  /** Forms that are sent. */
  forms?: boolean
  /** `required`: nothing is sent or kept before `setConsent(true)`. */
  consent?: string
  /** Milliseconds that an event waits for others. 250. */
  flushIntervalMs?: number
}

/** The options that a tag carries, or undefined where it names no site. One tag is enough, so `auto` is on. */
export function tagged(data: DOMStringMap): TrackerOptions | undefined {
  if (!data.site) return undefined
  return {
    siteId: data.site,
    apiKey: data.key,
    endpoint: data.endpoint,
    auto: data.auto !== 'false',
    hash: on(data.hash),
    outbound: on(data.outbound),
    forms: on(data.forms),
    consent: data.consent,
  }
}

function on(value: string | undefined): boolean {
  return value !== undefined && value !== 'false'
}
