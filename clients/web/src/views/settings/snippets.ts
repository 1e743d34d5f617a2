/** Commands and code that send events to this installation and ask it, ready to run. Keys are placeholders until one was made. */

export interface Place {
  /** Where events are sent, and where questions are asked: `https://events.example.com`. */
  door: string;
  origin: string;
  project: string;
  site: string;
  /** A key, or its placeholder, which a shell fills in. */
  writeKey: string;
  queryKey: string;
  /** As the session has it, or null where the wire is off. */
  psqlUrl: string | null;
}

export const WRITE_KEY = "$HEADRACE_WRITE_KEY";
export const QUERY_KEY = "$HEADRACE_QUERY_KEY";
export const SENDING = ["browser", "node", "intake", "pulse", "hardal", "hardal_db", "eventbunker"] as const;
export const ASKING = ["stats", "query", "sql", "psql"] as const;
export type Sending = (typeof SENDING)[number];
export type Asking = (typeof ASKING)[number];

const NOW_ISO = `'$(date -u +%Y-%m-%dT%H:%M:%SZ)'`;
const NOW_MS = `'$(date +%s000)'`;

export function sending(how: Sending, at: Place): string {
  return { browser, node, intake, pulse, hardal, hardal_db, eventbunker }[how](at);
}

export function asking(how: Asking, at: Place): string {
  return { stats, query, sql, psql }[how](at);
}

/** Where events go: the address of a front door as somebody wrote it, without its end. Empty where it is none. */
export function doorOf(written: string): string {
  const found = /^https?:\/\/(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(?::\d{1,5})?(?=\/*$)/i.exec(written.trim());
  return found?.[0] ?? "";
}

function browser(at: Place): string {
  return `<script defer src="${at.door}/tracker.js"
  data-site="${at.site}"
  data-key="${at.writeKey}"></script>

<!-- Events of your own, from anywhere in the page: -->
<script>
  window.PULSE = window.PULSE || []
  PULSE.push(['trackEvent', 'signup', { plan: 'pro' }])
</script>`;
}

function node(at: Place): string {
  const key = at.writeKey === WRITE_KEY ? "process.env.HEADRACE_WRITE_KEY" : `'${at.writeKey}'`;
  return `import { PulseClient } from '@headrace/sdk'

const pulse = new PulseClient({
  siteId: '${at.site}',
  apiKey: ${key},
  endpoint: '${at.door}',
})

await pulse.trackEvent({
  eventType: 'signup',
  sessionId: 'session_123',
  userId: 'user_123',
  plan: 'pro',
})
await pulse.close()`;
}

function intake(at: Place): string {
  return post(`${at.door}/v1/events`, bearer(at.writeKey), `{
    "event_type": "signup",
    "occurred_at": "${NOW_ISO}",
    "user_id": "user_123",
    "data": {"plan": "pro"}
  }`);
}

function pulse(at: Place): string {
  return post(`${at.door}/collect`, bearer(at.writeKey), `{
    "site_id": "${at.site}",
    "event_type": "page_view",
    "timestamp": ${NOW_MS},
    "session_id": "session_123",
    "url": "https://example.com/pricing"
  }`);
}

function hardal(at: Place): string {
  return post(`${at.door}/push/hardal`, bearer(at.writeKey), `{
    "type": "event",
    "payload": {
      "website": "${at.site}",
      "name": "page_view",
      "url": "https://example.com/pricing",
      "data": {"plan": "pro"}
    }
  }`);
}

function hardal_db(at: Place): string {
  return post(`${at.door}/push/server`, bearer(at.writeKey), `{
    "event_name": "purchase",
    "client_id": "7f915be8",
    "properties": {"price": 29.99},
    "created_at": "${NOW_ISO}"
  }`);
}

function eventbunker(at: Place): string {
  return post(`${at.door}/post`, `x-eventbunker-write-key: ${at.writeKey}`, `{
    "event_name": "signup",
    "customer_identifier": "c_1",
    "plan": "pro"
  }`);
}

function stats(at: Place): string {
  return `curl "${at.origin}/api/v1/stats?metric=visitors&period=7d&interval=day" \\
  -H "${bearer(at.queryKey)}"`;
}

function query(at: Place): string {
  return post(`${at.origin}/api/v2/query`, bearer(at.queryKey), `{
    "metrics": ["visitors", "page_views"],
    "dimensions": ["page"],
    "date_range": "7d",
    "pagination": {"limit": 10}
  }`);
}

function sql(at: Place): string {
  return post(`${at.origin}/api/v1/sql`, bearer(at.queryKey), `{
    "sql": "SELECT event_name, count() AS events FROM events GROUP BY event_name ORDER BY events DESC",
    "format": "csv"
  }`);
}

function psql(at: Place): string {
  return `psql "${psqlUrl(at)}" \\
  -c "SELECT event_name, count(*) FROM events GROUP BY 1 ORDER BY 2 DESC"`;
}

/** With the key in the place of the words that stand for it. Empty where the wire is off. */
export function psqlUrl(at: Place): string {
  return (at.psqlUrl ?? "").replace("<your query key>", at.queryKey);
}

function bearer(key: string): string {
  return `Authorization: Bearer ${key}`;
}

/** The header stands in double quotes, so that a shell fills the key in; the body in single ones. */
function post(url: string, header: string, body: string): string {
  return `curl "${url}" \\
  -H "${header}" \\
  -H "Content-Type: application/json" \\
  -d '${body}'`;
}
