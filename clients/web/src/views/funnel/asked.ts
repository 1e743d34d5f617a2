/** What a funnel is asked: its steps and terms, as the address and the body of the report have them. */
import type { Filter } from "../../question";

export interface Step {
  /** Empty while it is chosen: such a step is not asked. */
  event: string;
  filters: Filter[];
}

export interface FunnelAsked {
  steps: Step[];
  window: string;
  order: string;
  by: string;
  breakdown: string;
}

export const MOST_STEPS = 20;
export const WINDOWS = ["30m", "1h", "1d", "7d", "14d", "30d", "90d"] as const;
export const ORDERS = ["ordered", "strict"] as const;
export const BY = ["person", "visitor", "session"] as const;
export const BREAKDOWNS = ["page", "source", "channel", "referrer_host", "utm_source", "utm_campaign", "country", "city", "device_type", "browser", "os", "language", "host"] as const;
const USUAL = { window: "7d", order: "ordered", by: "person" };

/** No steps where the address names none. */
export function asked(given: URLSearchParams): FunnelAsked {
  const one = (name: string, of: readonly string[]) => of.find((value) => value === given.get(name)) ?? of[0] ?? "";
  const window = given.get("window") ?? "";
  return {
    steps: stepsOf(given.get("steps")),
    window: /^\d{1,6}[smhdw]$/.test(window) ? window : USUAL.window,
    order: one("order", ORDERS),
    by: one("by", BY),
    breakdown: given.get("breakdown") ?? "",
  };
}

/** A step is its event's name, or `{"event": ..., "filters": [...]}`. */
function stepsOf(text: string | null): Step[] {
  try {
    const read: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(read) ? read.flatMap(stepOf).slice(0, MOST_STEPS) : [];
  } catch {
    return [];
  }
}

function stepOf(read: unknown): Step[] {
  if (typeof read === "string") return [{ event: read, filters: [] }];
  if (typeof read !== "object" || read === null || !("event" in read) || typeof read.event !== "string") return [];
  const filters = "filters" in read && Array.isArray(read.filters) ? read.filters : [];
  return [{ event: read.event, filters: filters.filter((one): one is Filter => Array.isArray(one) && typeof one[0] === "string") }];
}

/** For the address: what is as usual is left out. */
export function written(funnel: FunnelAsked): Record<string, string> {
  const steps = funnel.steps.map((step) => (step.filters.length ? step : step.event));
  const unusual = (name: keyof typeof USUAL) => (funnel[name] === USUAL[name] ? "" : funnel[name]);
  return { steps: JSON.stringify(steps), window: unusual("window"), order: unusual("order"), by: unusual("by"), breakdown: funnel.breakdown };
}

/** Undefined while there are less than two steps to ask for. */
export function body(funnel: FunnelAsked): Record<string, unknown> | undefined {
  const steps = funnel.steps.filter((step) => step.event).map((step) => (step.filters.length ? step : { event: step.event }));
  if (steps.length < 2) return undefined;
  const { window, order, by, breakdown } = funnel;
  return { steps, window, order, by, ...(breakdown ? { breakdown } : {}) };
}

/** The three events of most visitors, one behind the other; a single one twice. */
export function proposed(events: { event: string; visitors: number }[]): Step[] {
  const names = [...events].filter((one) => one.visitors > 0).sort((one, other) => other.visitors - one.visitors).map((one) => one.event).slice(0, 3);
  const [first] = names;
  return (names.length === 1 && first !== undefined ? [first, first] : names).map((event) => ({ event, filters: [] }));
}

export function moved<Item>(items: readonly Item[], from: number, to: number): Item[] {
  const next = [...items];
  next.splice(to, 0, ...next.splice(from, 1));
  return next;
}
