/** window.PULSE: the calls of a page. Tracking never throws; what comes before `init` waits for it. */

import { toWire, type Envelope, type Properties } from '../event.js'
import { keyMaker } from '../key.js'
import { watchForms, watchOutbound } from './actions.js'
import { deviceType } from './device.js'
import type { TrackerOptions } from './options.js'
import { Outbox } from './outbox.js'
import { watchPages } from './pages.js'
import { Visitor } from './visitor.js'

/** Longer addresses are cut: the front door takes no more. */
const LONGEST = 8000

/** Fields of an event, and any properties. */
export type Fields = Envelope & Properties

const newId = keyMaker((count) => crypto.getRandomValues(new Uint8Array(count)))

export class Tracker {
  private _options: TrackerOptions | undefined
  private _visitor!: Visitor
  private _outbox!: Outbox
  /** Calls before `init`, and events that wait for consent. */
  private _early: (() => void)[] = []

  constructor(private _origin: string) {}

  /** Set up, once. */
  init(options: TrackerOptions): void {
    if (this._options) return
    this._options = options
    const visitor = (this._visitor = new Visitor(newId, options.consent === 'required'))
    this._outbox = new Outbox(
      {
        endpoint: (options.endpoint || this._origin).replace(/\/+$/, ''),
        apiKey: options.apiKey,
        linger: options.flushIntervalMs ?? 250,
        lasting: () => visitor.lasting,
      },
      newId,
    )
    this._late()
    const track = (name: string, fields: Fields): void => this.trackEvent(name, fields)
    if (options.auto) watchPages((url, referrer) => this.trackPageView({ url, referrer }), options.hash)
    if (options.outbound) watchOutbound(track)
    if (options.forms) watchForms(track)
  }

  trackPageView(fields?: Fields): void {
    this.trackEvent('page_view', { referrer: document.referrer, ...fields })
  }

  trackEvent(name: string, fields?: Fields): void {
    const happened = { event_type: name, timestamp: Date.now(), idempotency_key: newId(), url: location.href }
    this._when(() => this._send(happened, fields))
  }

  /** The visitor is this user from now on. Further fields are traits. */
  identify(userId: string, traits?: Properties): void {
    this._when(() => {
      const known = this._visitor.userId === userId
      this._visitor.identify(userId)
      if (!this._visitor.private && (traits || !known)) this.trackEvent('identify', traits as Fields)
    })
  }

  /** What the visitor answered. */
  setConsent(given: boolean): void {
    this._call(() => {
      this._visitor.consent(given)
      if (this._visitor.silent) this._outbox.clear()
      this._outbox.adopt()
      this._late()
    })
  }

  /** Somebody else from now on, as after signing out. */
  reset(): void {
    this._call(() => this._visitor.reset())
  }

  /** Send what waits now. */
  flush(): void {
    this._call(() => this._outbox.flush())
  }

  /** A call as an array, `['trackEvent', 'signup', {plan: 'pro'}]`: how pages call before this script is there. */
  push(...calls: [string, ...unknown[]][]): void {
    for (const [name, ...given] of calls) {
      const method = this[name as 'flush'] as ((...given: unknown[]) => void) | undefined
      method?.apply(this, given)
    }
  }

  /** Now, or after `init`. */
  _call(action: () => void): void {
    if (this._options) action()
    else this._early.push(action)
  }

  /** Now, or when there is consent. */
  _when(action: () => void): void {
    this._call(() => {
      if (!this._visitor.waits) action()
      else if (this._early.length < 100) this._early.push(action)
    })
  }

  _late(): void {
    for (const action of this._early.splice(0)) action()
  }

  _send(happened: Properties, fields: Fields = {}): void {
    const visitor = this._visitor
    if (visitor.silent) return
    const known = { site_id: this._options!.siteId, device_type: deviceType(), ...visitor.ids(), ...happened }
    const event = toWire(known, fields)
    if (visitor.private) for (const name of ['user_id', 'client_id', 'session_id']) delete event[name]
    for (const name of ['url', 'referrer']) if (event[name]) event[name] = `${event[name]}`.slice(0, LONGEST)
    try {
      this._outbox.add(JSON.stringify(event))
    } catch (error) {
      console.warn('PULSE: an event cannot be sent:', error)
    }
  }
}
