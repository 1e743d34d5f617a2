/** The fields of a stored event, in groups as people look for them; empty ones are left out. Pure. */

/** A row of the view `events`, or an event as a list had it. */
export type Row = Record<string, unknown>;
export type Group = "who" | "page" | "source" | "device" | "place" | "arrival";

const GROUPS: Record<Group, string[]> = {
  // A visitor that is a client or a user is named by that already.
  who: ["user_id", "client_id", "visitor", "session_id"],
  page: ["url", "title", "referrer"],
  source: ["source", "channel", "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "click_id"],
  device: ["device_type", "browser", "os", "language", "platform", "user_agent", "bot"],
  place: ["country", "region", "city", "as_name", "ip"],
  arrival: ["dialect", "kind", "site_id", "request_id"],
};
/** Said together with the name before it. */
const VERSIONS: Record<string, string> = { browser: "browser_version", os: "os_version" };

export function grouped(row: Row): { group: Group; fields: [name: string, value: string][] }[] {
  return (Object.keys(GROUPS) as Group[])
    .map((group) => ({ group, fields: GROUPS[group].flatMap((name) => field(row, name)) }))
    .filter((one) => one.fields.length > 0);
}

function field(row: Row, name: string): [string, string][] {
  const value = row[name];
  if (value === undefined || value === null || value === "" || value === 0 || (name === "visitor" && !/^v:/.test(String(value)))) return [];
  const version = VERSIONS[name] ? row[VERSIONS[name]] : "";
  return [[name, version ? `${String(value)} ${String(version)}` : String(value)]];
}

/** A property as text: what is nested is written out line by line. */
export function written(value: unknown): { text: string; nested: boolean } {
  if (typeof value === "string") return { text: value, nested: false };
  const nested = typeof value === "object" && value !== null;
  return { text: JSON.stringify(value, null, nested ? 2 : 0), nested };
}
