/** The browser's storage, which may be full, forbidden or not there: then nothing is kept, and nothing breaks. */

export type Area = 'localStorage' | 'sessionStorage'

export const PREFIX = 'headrace.'

/** What was kept under this name; undefined when nothing was, or nothing that can be read. */
export function recall<T>(area: Area, name: string): T | undefined {
  try {
    return JSON.parse(window[area].getItem(PREFIX + name)!) ?? undefined
  } catch {
    return undefined
  }
}

/** Keep a value; without a value, forget what was kept. */
export function keep(area: Area, name: string, value?: unknown): void {
  try {
    if (value === undefined) window[area].removeItem(PREFIX + name)
    else window[area].setItem(PREFIX + name, JSON.stringify(value))
  } catch {
    // as above
  }
}

/** Names under which something is kept, of those that begin so. */
export function kept(area: Area, start: string): string[] {
  try {
    return Object.keys(window[area])
      .filter((name) => name.startsWith(PREFIX + start))
      .map((name) => name.slice(PREFIX.length))
  } catch {
    return []
  }
}
