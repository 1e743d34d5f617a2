/** An event in one line: its page, its main properties, whose it is. Pure. */
import type { Event } from "../../live";

const MOST = 3;
const LONGEST = 80;

/** The path of its page with the query; the whole text where it is no address; empty without one. */
export function pageOf(event: Event): string {
  const url = text(event.url);
  if (!url) return "";
  try {
    const { pathname, search } = new URL(url);
    return pathname + search;
  } catch {
    return url;
  }
}

/** The first few properties that can be told in a word: `plan: pro`. */
export function mainProperties(event: Event, most = MOST): string[] {
  const properties = event.properties;
  if (properties === null || typeof properties !== "object") return [];
  return Object.entries(properties)
    .filter(([, value]) => ["string", "number", "boolean"].includes(typeof value) && value !== "")
    .slice(0, most)
    .map(([name, value]) => `${name}: ${cut(String(value))}`);
}

/** The user, else the anonymous id, else the cookieless visitor. */
export function personOf(event: Event): { parameter: "user_id" | "client_id" | "visitor"; id: string } | undefined {
  for (const parameter of ["user_id", "client_id", "visitor"] as const) {
    const id = text(event[parameter]);
    if (id) return { parameter, id };
  }
  return undefined;
}

export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function cut(value: string): string {
  return value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value;
}
