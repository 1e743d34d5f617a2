/** The address bar: which view is open, and what is asked of it. Everything that a link should keep stands here. */
import { computed, signal } from "@preact/signals";

export const BASE = "/app";

const path = signal(location.pathname);
const search = signal(location.search);

/** The view's name: `overview` of `/app/overview`; empty at `/app/`. */
export const view = computed(() => path.value.slice(BASE.length).replaceAll("/", ""));
export const parameters = computed(() => new URLSearchParams(search.value));

addEventListener("popstate", read);

function read(): void {
  path.value = location.pathname;
  search.value = location.search;
}

/** Go to a view. What is asked (span, site, filters) goes along; `own` parameters of the view do not. */
export function go(name: string, own: Record<string, string> = {}): void {
  history.pushState(null, "", link(name, own));
  read();
  scrollTo(0, 0);
}

/** The address of a view, with what is asked now. */
export function link(name: string, own: Record<string, string> = {}): string {
  const kept = new URLSearchParams();
  for (const key of SHARED) {
    const value = parameters.value.get(key);
    if (value) kept.set(key, value);
  }
  for (const [key, value] of Object.entries(own)) kept.set(key, value);
  return `${BASE}/${name}${kept.size ? `?${kept}` : ""}`;
}

/** Change what is asked; an empty text takes a parameter away. `replace` leaves no step behind for the back button. */
export function ask(changes: Record<string, string>, replace = false): void {
  const next = new URLSearchParams(search.value);
  for (const [key, value] of Object.entries(changes)) {
    if (value) next.set(key, value);
    else next.delete(key);
  }
  const address = `${location.pathname}${next.size ? `?${next}` : ""}`;
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  read();
}

/** Parameters that all views understand alike. */
const SHARED = ["period", "from", "to", "compare", "site", "filters"];
