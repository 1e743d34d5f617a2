/** The kind of device, by what the browser says of itself. */

/** `desktop`, `mobile` or `tablet`. An iPad calls itself a Macintosh; no Macintosh has a touch screen. */
export function deviceType(agent = navigator.userAgent, touches = navigator.maxTouchPoints): string {
  if (/ipad|tablet|playbook|silk|android(?!.*mobi)/i.test(agent) || (/macintosh/i.test(agent) && touches > 1)) return 'tablet'
  return /mobi|iphone|ipod|phone/i.test(agent) ? 'mobile' : 'desktop'
}
