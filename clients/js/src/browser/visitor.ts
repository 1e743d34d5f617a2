/** Who it is, as far as the visitor lets us tell: session, anonymous id, user; and what may be kept of it. */

import { keep, kept, recall } from './storage.js'

/** A session ends when nothing happens for so long. */
const REST_MS = 30 * 60 * 1000

/** The anonymous id and the user, as they are kept with consent. */
interface Known {
  client_id: string
  user_id?: string
}

/** Of an event. */
export interface Ids {
  session_id?: string
  client_id?: string
  user_id?: string
}

export class Visitor {
  private _known: Partial<Known> = {}
  private _consent: boolean | undefined
  /** Where nothing can be kept, a session is a page's. */
  private _last: { id: string; at: number } | undefined
  /** Global Privacy Control or Do Not Track: nothing is kept, read or told, whatever else was said. */
  readonly private: boolean

  constructor(
    private _newId: () => string,
    private _required: boolean,
  ) {
    const browser = navigator as Navigator & { globalPrivacyControl?: boolean }
    this.private = browser.globalPrivacyControl === true || browser.doNotTrack === '1'
    const known = this.private ? undefined : recall<Known>('localStorage', 'visitor')
    if (known) {
      this._known = known
      this._consent = true
    }
  }

  /** Whether events go out now, or wait for an answer to the question for consent. */
  get waits(): boolean {
    return this._required && this._consent === undefined
  }

  /** Whether nothing is to be sent at all. */
  get silent(): boolean {
    return this._required && this._consent === false
  }

  /** Whether an anonymous id, and events that could not be sent, may be kept. */
  get lasting(): boolean {
    return this._consent === true && !this.private
  }

  get userId(): string | undefined {
    return this._known.user_id
  }

  /** The ids of an event that happens now. */
  ids(): Ids {
    if (this.private || this._consent === false) return {}
    return { session_id: this._session(), ...this._known }
  }

  consent(given: boolean): void {
    this._consent = given
    if (this.lasting) {
      this._known.client_id ??= this._newId()
      this._keep()
    } else this.forget()
  }

  identify(userId?: string): void {
    this._known.user_id = userId
    this._keep()
  }

  /** A new visitor: another anonymous id, another session, no user. */
  reset(): void {
    this.forget()
    if (this.lasting) this.consent(true)
  }

  forget(): void {
    this._known = {}
    this._last = undefined
    if (this.private) return
    keep('sessionStorage', 'session')
    for (const name of kept('localStorage', '')) keep('localStorage', name)
  }

  private _keep(): void {
    if (this.lasting) keep('localStorage', 'visitor', this._known)
  }

  private _session(): string {
    const now = Date.now()
    const last = recall<{ id: string; at: number }>('sessionStorage', 'session') ?? this._last
    const id = last && now - last.at < REST_MS ? last.id : this._newId()
    this._last = { id, at: now }
    keep('sessionStorage', 'session', this._last)
    return id
  }
}
