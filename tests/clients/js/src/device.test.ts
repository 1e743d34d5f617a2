/** The kind of device, from what browsers say of themselves. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { deviceType } from '../../../../clients/js/src/browser/device.js'

const SEEN: [string, string, number, string][] = [
  ['Chrome on Windows', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/150.0.0.0 Safari/537.36', 0, 'desktop'],
  ['a notebook with a touch screen', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/150.0.0.0 Safari/537.36', 10, 'desktop'],
  ['Safari on a Mac', 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15', 0, 'desktop'],
  ['an iPad that calls itself a Mac', 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari/605.1.15', 5, 'tablet'],
  ['an old iPad', 'Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) Version/12.1 Mobile/15E148 Safari/604.1', 5, 'tablet'],
  ['an iPhone', 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1', 5, 'mobile'],
  ['a phone with Android', 'Mozilla/5.0 (Linux; Android 15; K) Chrome/150.0.0.0 Mobile Safari/537.36', 5, 'mobile'],
  ['a tablet with Android', 'Mozilla/5.0 (Linux; Android 15; K) Chrome/150.0.0.0 Safari/537.36', 5, 'tablet'],
  ['Firefox on a phone', 'Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0', 5, 'mobile'],
  ['Firefox on a tablet', 'Mozilla/5.0 (Android 15; Tablet; rv:140.0) Gecko/140.0 Firefox/140.0', 5, 'tablet'],
]

for (const [name, agent, touches, kind] of SEEN) {
  test(`${name} is ${kind}`, () => assert.equal(deviceType(agent, touches), kind))
}
