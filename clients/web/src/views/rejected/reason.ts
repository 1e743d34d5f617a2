/** What a reason says: its kind, and the field at fault where it names one; and what an event holds there. Pure. */

export interface Reason {
  kind: "frame" | "event" | "impossible" | "clickhouse" | "schema" | "kills" | "lost" | "other";
  /** As schemas name fields: `price`, `items[].sku`; empty where none is named. */
  field: string;
  /** The rest, in the worker's words. */
  text: string;
}

const KINDS = ["frame", "event", "impossible", "schema", "kills", "lost"] as const;

export function parse(reason: string): Reason {
  if (/^ClickHouse\b/.test(reason)) return { kind: "clickhouse", field: "", text: reason };
  const kind = KINDS.find((one) => reason.startsWith(`${one}: `));
  if (!kind) return { kind: "other", field: "", text: reason };
  const text = reason.slice(kind.length + 2);
  if (kind !== "schema") return { kind, field: "", text };
  const [, field = "", said = text] = /^(.*?): (.*)$/s.exec(text) ?? [];
  return { kind, field, text: said };
}

/** There is something to put back: bytes, of a build that keeps them so. */
export function redrivable(kind: string, reason: string): boolean {
  return kind !== "" && parse(reason).kind !== "lost";
}

const MOST = 5;

/** The values at a field of the properties; empty where it is missing. `[]` is each of a list, `*` any name, `$` all of it. */
export function valuesAt(properties: unknown, field: string): unknown[] {
  const parts = field === "$" || !field ? [] : field.replaceAll("[]", ".[]").split(".");
  let found: unknown[] = [properties];
  for (const part of parts) found = found.flatMap((one) => inside(one, part));
  return found.slice(0, MOST);
}

function inside(value: unknown, part: string): unknown[] {
  if (value === null || typeof value !== "object") return [];
  if (part === "[]") return Array.isArray(value) ? value : [];
  if (Array.isArray(value)) return [];
  if (part === "*") return Object.values(value);
  return Object.hasOwn(value, part) ? [(value as Record<string, unknown>)[part]] : [];
}
