/** What retention is asked: as the address and the body of the report have it. */

export interface RetentionAsked {
  /** Names of events; empty: any. */
  start: string;
  back: string;
  interval: string;
  mode: string;
  by: string;
}

export const INTERVALS = ["day", "week", "month"] as const;
export const MODES = ["on", "on_or_after"] as const;
export const BY = ["person", "visitor"] as const;
/** In the address it stands for any event, which no name is. */
const ANY = "*";

/** Undefined where the address names no event: then one is proposed. */
export function asked(given: URLSearchParams, usual: string): Omit<RetentionAsked, "start" | "back"> & { start?: string; back?: string } {
  const one = (name: string, of: readonly string[], or = of[0] ?? "") => of.find((value) => value === given.get(name)) ?? or;
  const event = (name: string) => (given.get(name) === ANY ? "" : (given.get(name) ?? undefined));
  return { start: event("start"), back: event("back"), interval: one("interval", INTERVALS, usual), mode: one("mode", MODES), by: one("by", BY) };
}

/** For the address: what is as usual is left out. */
export function written(retention: RetentionAsked, usual: string): Record<string, string> {
  const unusual = (value: string, other: string) => (value === other ? "" : value);
  return {
    start: retention.start || ANY,
    back: retention.back || ANY,
    interval: unusual(retention.interval, usual),
    mode: unusual(retention.mode, MODES[0]),
    by: unusual(retention.by, BY[0]),
  };
}

export function body({ start, back, interval, mode, by }: RetentionAsked): Record<string, unknown> {
  return { ...(start ? { start: { event: start } } : {}), ...(back ? { back: { event: back } } : {}), interval, mode, by };
}

/** The interval in which cohorts of a span are read best: some eight to thirteen of them. */
export function intervalOf(asked: { period: string; from: string; to: string }, now = Date.now()): string {
  if (!asked.from) return { month: "week", "30d": "week", "90d": "week", "365d": "month", all: "month" }[asked.period] ?? "day";
  const days = ((asked.to ? Date.parse(asked.to) : now) - Date.parse(asked.from)) / 86_400_000;
  return days <= 15 ? "day" : days <= 120 ? "week" : "month";
}
