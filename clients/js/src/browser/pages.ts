/** Page views by themselves: when the page opens, when it comes back, and each time its address changes. */

/** Call `view(url, referrer)` once for each page. With `hash`, what follows the `#` counts as part of the page. */
export function watchPages(view: (url: string, referrer: string) => void, hash?: boolean): void {
  let current = ''
  let referrer = document.referrer
  const page = (): string => (hash ? location.href : location.href.split('#')[0]!)
  const look = (again?: boolean): void => {
    const now = page()
    if (now === current && !again) return
    view(location.href, referrer)
    current = now
    referrer = location.href
  }
  // several changes in one go, such as a redirect of the page's router, are one
  const soon = (): void => void Promise.resolve().then(() => look())
  for (const name of ['pushState', 'replaceState'] as const) {
    const original = history[name]
    history[name] = function (...given) {
      original.apply(this, given)
      soon()
    }
  }
  addEventListener('popstate', soon)
  if (hash) addEventListener('hashchange', soon)
  addEventListener('pageshow', (event) => event.persisted && look(true))
  if ((document as Document & { prerendering?: boolean }).prerendering) {
    document.addEventListener('prerenderingchange', () => look(), { once: true })
  } else look()
}
