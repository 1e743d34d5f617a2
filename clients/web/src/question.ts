/** What every view asks alike: span, comparison, site, filters, zone. Read from the address and written to it. */
import { computed } from "@preact/signals";
import { ask, parameters } from "./address";

/** `["is", "country", ["DE"]]`, as POST /api/v2/query takes it. */
export type Filter = [string, ...unknown[]];

export const PERIODS = ["today", "yesterday", "24h", "7d", "30d", "month", "90d", "365d", "all"] as const;
export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

export interface Question {
  period: string;
  from: string;
  to: string;
  compare: boolean;
  site: string;
  filters: Filter[];
}

export const question = computed<Question>(() => {
  const given = parameters.value;
  const from = given.get("from") ?? "";
  const period = given.get("period") ?? "";
  return {
    period: from ? "" : (PERIODS as readonly string[]).includes(period) ? period : "7d",
    from,
    to: from ? (given.get("to") ?? "") : "",
    compare: given.get("compare") !== "no",
    site: given.get("site") ?? "",
    filters: filtersOf(given.get("filters")),
  };
});

function filtersOf(text: string | null): Filter[] {
  if (!text) return [];
  try {
    const read: unknown = JSON.parse(text);
    return Array.isArray(read) ? read.filter((one): one is Filter => Array.isArray(one) && typeof one[0] === "string") : [];
  } catch {
    return [];
  }
}

/** A click on a value: only what has it; a second click takes that back. */
export function toggle(dimension: string, value: string): void {
  const filters = question.value.filters;
  const same = filters.findIndex((one) => isOf(one, dimension, value));
  write(same >= 0 ? filters.filter((_, place) => place !== same) : [...filters, ["is", dimension, [value]]]);
}

export function holds(dimension: string, value: string): boolean {
  return question.value.filters.some((one) => isOf(one, dimension, value));
}

export function write(filters: Filter[]): void {
  ask({ filters: filters.length ? JSON.stringify(filters) : "" });
}

function isOf(filter: Filter, dimension: string, value: string): boolean {
  const values = filter[2];
  return filter[0] === "is" && filter[1] === dimension && Array.isArray(values) && values.length === 1 && values[0] === value;
}

/** For routes that take a query string. */
export function asParameters(asked: Question = question.value): Record<string, string> {
  const found: Record<string, string> = { timezone: zone };
  if (asked.from) {
    found.from = asked.from;
    if (asked.to) found.to = asked.to;
  } else found.period = asked.period;
  if (asked.site) found.site_id = asked.site;
  if (asked.filters.length) found.filter = JSON.stringify(asked.filters.length === 1 ? asked.filters[0] : ["and", asked.filters]);
  return found;
}

/** For reports that take a body. */
export function asBody(asked: Question = question.value): Record<string, unknown> {
  const { filter: _, ...rest } = asParameters(asked);
  return asked.filters.length ? { ...rest, filters: asked.filters } : rest;
}

/** For POST /api/v2/query. Both ends are always given there. */
export function asQuestion(asked: Question = question.value): Record<string, unknown> {
  const range = asked.from ? [asked.from, asked.to || new Date().toISOString()] : asked.period;
  return {
    date_range: range,
    timezone: zone,
    ...(asked.site ? { site_id: asked.site } : {}),
    ...(asked.filters.length ? { filters: asked.filters } : {}),
  };
}

/** The interval in which a series of that span reads best. */
export function intervalOf(asked: Question): string {
  if (asked.from) {
    const days = (Date.parse(asked.to || new Date().toISOString()) - Date.parse(asked.from)) / 86_400_000;
    return days <= 2 ? "hour" : days <= 120 ? "day" : days <= 800 ? "week" : "month";
  }
  if (["today", "yesterday", "24h"].includes(asked.period)) return "hour";
  if (asked.period === "365d") return "week";
  return asked.period === "all" ? "month" : "day";
}
