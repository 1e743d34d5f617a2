/** The list of a live tail: newest first, bounded; while it is paused, what comes waits and is counted. Pure. */
import type { Event } from "../../live";

/** As many are shown, and as many wait at most. */
export const MOST = 200;

export interface Tail {
  shown: Event[];
  waiting: Event[];
  /** Came while paused, also those that no longer wait because newer ones took their place. */
  missed: number;
  paused: boolean;
}

export const EMPTY: Tail = { shown: [], waiting: [], missed: 0, paused: false };

/** `come` in the order of arrival, the oldest first. */
export function arrive(tail: Tail, come: Event[]): Tail {
  if (!come.length) return tail;
  const newest = come.toReversed();
  if (!tail.paused) return { ...tail, shown: [...newest, ...tail.shown].slice(0, MOST) };
  return { ...tail, waiting: [...newest, ...tail.waiting].slice(0, MOST), missed: tail.missed + come.length };
}

export function pause(tail: Tail): Tail {
  return { ...tail, paused: true };
}

export function resume(tail: Tail): Tail {
  return { shown: [...tail.waiting, ...tail.shown].slice(0, MOST), waiting: [], missed: 0, paused: false };
}
