/** Which answers are worth another try, and how long to wait before it. */

const LONGEST_MS = 30_000

/** Whether the same request may be taken later. Status 0: no answer came. */
export function worthAnotherTry(status: number): boolean {
  return !status || status === 408 || status === 429 || status >= 500
}

/** Milliseconds before the next try: twice as long after each failure, with jitter, never less than was asked for. */
export function pause(failures: number, askedFor: number): number {
  return Math.max(askedFor, Math.min(LONGEST_MS, 500 * 2 ** (failures - 1)) * (0.5 + Math.random() / 2))
}

/** A Retry-After, in seconds or as a date, as milliseconds; 0 when there is none. */
export function retryAfter(header: string | null): number {
  return Math.max(0, header ? +header * 1000 || Date.parse(header) - Date.now() || 0 : 0)
}
