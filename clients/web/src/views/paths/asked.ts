/** What paths are asked: as the address and the body of the report have it. */

export interface PathsAsked {
  /** Where paths begin: a page, an event, or, with neither, the start of a visit. */
  page: string;
  event: string;
  direction: string;
  of: string;
  steps: number;
  top: number;
}

export const DIRECTIONS = ["next", "previous"] as const;
export const OF = ["pages", "events", "both"] as const;
export const STEPS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] as const;
export const TOPS = [3, 5, 8, 12, 20, 50] as const;

/** What is asked where the address says nothing. */
export interface Usual {
  of: string;
  steps: number;
  top: number;
}

/** Less on a phone; pages where there are any. */
export function usualOf(narrow: boolean, events: { event: string }[]): Usual {
  const pages = !events.length || events.some((one) => one.event === "page_view");
  return { of: pages ? "pages" : "events", steps: narrow ? 3 : 5, top: narrow ? 5 : 8 };
}

export function asked(given: URLSearchParams, usual: Usual): PathsAsked {
  const whole = (name: string, most: number, or: number) => {
    const value = Number(given.get(name));
    return Number.isInteger(value) && value >= 1 && value <= most ? value : or;
  };
  return {
    page: given.get("page") ?? "",
    event: given.get("event") ?? "",
    direction: DIRECTIONS.find((one) => one === given.get("direction")) ?? "next",
    of: OF.find((one) => one === given.get("of")) ?? usual.of,
    steps: whole("steps", 10, usual.steps),
    top: whole("top", 50, usual.top),
  };
}

/** Whether the address asks anything of its own. */
export function named(given: URLSearchParams): boolean {
  return ["page", "event", "direction", "of", "steps", "top"].some((name) => given.has(name));
}

/** For the address. All but the usual direction is told, since what else is usual depends on the screen. */
export function written(paths: PathsAsked): Record<string, string> {
  const { page, event, direction, of, steps, top } = paths;
  return { page, event, direction: direction === "next" ? "" : direction, of, steps: String(steps), top: String(top) };
}

export function body({ page, event, direction, of, steps, top }: PathsAsked): Record<string, unknown> {
  const anchor = { ...(page ? { page } : {}), ...(event ? { event } : {}) };
  return { ...(page || event ? { anchor } : {}), direction, of, steps, top };
}
