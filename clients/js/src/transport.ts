/** One request with a batch of events, and what became of it. Never throws. */

import { retryAfter } from './retry.js'

/** As much of `fetch` as is used here. */
export type Fetch = (
  url: string,
  init: { method: string; headers: Record<string, string>; body: string; keepalive?: boolean; signal?: AbortSignal },
) => Promise<{ status: number; headers: { get(name: string): string | null }; text(): Promise<string> }>

/** One thing that is wrong with one event; `retry` where it merely was not written. */
export interface Fault {
  index: number
  field: string
  message: string
  retry?: boolean
}

/** What came back. */
export interface Answer {
  /** 0 when nothing that can be understood came back. */
  status: number
  /** Milliseconds that the server asks to wait. */
  retryAfter: number
  /** How many events the batch had, and how many of them were known already. */
  sent: number
  deduplicated: number
  faults: Fault[]
  /** What the server says of a request that it refused whole. */
  message?: string
  cause?: unknown
}

/** Where to, how long an answer may take, and what goes with the request. */
export interface Target {
  endpoint: string
  headers: Record<string, string>
  timeoutMs: number
  fetch: Fetch
}

/** Send event texts as one batch. */
export async function post(target: Target, bodies: string[], keepalive = false): Promise<Answer> {
  const answer: Answer = { status: 0, retryAfter: 0, sent: bodies.length, deduplicated: 0, faults: [] }
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), target.timeoutMs)
  try {
    const response = await target.fetch(`${target.endpoint}/collect/batch`, {
      method: 'POST',
      headers: target.headers,
      body: batch(bodies),
      keepalive,
      signal: abort.signal,
    })
    const text = await response.text()
    answer.retryAfter = retryAfter(response.headers.get('Retry-After'))
    read(answer, response.status, text)
  } catch (cause) {
    answer.cause = cause
  }
  clearTimeout(timer)
  return answer
}

/** The body of a batch. */
export function batch(bodies: string[], apiKey?: string): string {
  return `{${apiKey ? `"api_key":${JSON.stringify(apiKey)},` : ''}"events":[${bodies.join()}]}`
}

/** A 200 that is not the front door's, such as the page of a wireless network, is no answer. */
function read(answer: Answer, status: number, text: string): void {
  let said: { success?: boolean; error?: string; data?: { deduplicated: number; errors?: Fault[] } } = {}
  try {
    said = JSON.parse(text) ?? said
  } catch (cause) {
    answer.cause = cause
  }
  if (status >= 300 || said.success) answer.status = status
  answer.message = said.error
  answer.deduplicated = said.data?.deduplicated ?? 0
  answer.faults = said.data?.errors ?? []
}
