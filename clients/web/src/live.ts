/** Events as they become queryable. The browser comes back by itself, with the last id, after every break. */

export interface Event {
  event_id: string;
  event_type: string;
  occurred_at: string;
  received_at?: string;
  [field: string]: unknown;
}

export type LiveState = "connecting" | "open" | "broken";

/** Follow until the returned function is called. */
export function follow(parameters: Record<string, string>, on: (event: Event) => void, say: (state: LiveState, why?: string) => void): () => void {
  const query = new URLSearchParams(parameters).toString();
  const source = new EventSource(`/api/v1/live${query ? `?${query}` : ""}`);
  say("connecting");
  source.onopen = () => say("open");
  source.onerror = () => say(source.readyState === EventSource.CLOSED ? "broken" : "connecting");
  source.addEventListener("event", (message) => on(JSON.parse((message as MessageEvent<string>).data) as Event));
  source.addEventListener("dropped", (message) => say("connecting", (message as MessageEvent<string>).data));
  return () => source.close();
}
