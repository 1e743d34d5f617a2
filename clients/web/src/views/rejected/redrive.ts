/** A redrive: page after page is put back until nothing is left, or somebody stops it. */
import { post } from "../../api";

/** What POST /api/v1/redrive did; `left` counts rows. */
export interface Page {
  redriven: number;
  already: number;
  events: number;
  left: number;
  before: number;
}

export interface Progress {
  events: number;
  already: number;
  left: number;
}

export interface Order {
  fingerprint: string;
  project: string;
}

export function add(so: Progress, page: Page): Progress {
  return { events: so.events + page.events, already: so.already + page.already, left: page.left };
}

/** Nothing is left, or nothing moves any more. */
export function ended(page: Page): boolean {
  return page.left === 0 || page.redriven + page.already === 0;
}

/** Tells its progress after each page. `stopped` is asked between pages: what is on its way is put back whole. */
export async function redrive(order: Order, tell: (progress: Progress) => void, stopped: () => boolean): Promise<Progress> {
  let so: Progress = { events: 0, already: 0, left: 0 };
  let before = 0;
  while (!stopped()) {
    // `before` stays as the first page had it: what is rejected once more meanwhile is not put back again.
    const { data } = await post<Page>("/api/v1/redrive", { ...order, before });
    before = data.before;
    so = add(so, data);
    tell(so);
    if (ended(data)) break;
  }
  return so;
}
