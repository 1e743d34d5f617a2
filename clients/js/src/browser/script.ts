/** tracker.js: puts window.PULSE in place, makes the calls that came before it, and sets up from its own tag. */

import { tagged } from './options.js'
import { Tracker } from './tracker.js'

type Early = [string, ...unknown[]][]

const page = window as unknown as { PULSE?: Tracker | Early }
const tag = document.currentScript as HTMLScriptElement | null

// a second tag changes nothing: page views would count twice
if (!page.PULSE || Array.isArray(page.PULSE)) {
  const early = page.PULSE ?? []
  const tracker = new Tracker(tag?.src ? new URL(tag.src).origin : location.origin)
  page.PULSE = tracker
  const options = tag && tagged(tag.dataset)
  if (options) tracker.init(options)
  tracker.push(...early)
}
