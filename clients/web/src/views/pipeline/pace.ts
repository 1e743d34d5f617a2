/** Events a second, of what two answers differ by; and their course by minutes. */
import { compact, count } from "../../figures";
import type { Point } from "../../kit/Chart";
import type { Minute, Pipeline } from "./gauges";

export const OUTCOMES = ["accepted", "stored", "rejected", "duplicate", "refused"] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Rates are means of so long. */
const WINDOW_MS = 10_000;

/** The answers that the newest one can be compared with, the newest last. Others count something else, or are too old. */
export function remembered(before: readonly Pipeline[], seen: Pipeline): Pipeline[] {
  const now = Date.parse(seen.now);
  const alike = before.filter((one) => {
    const age = now - Date.parse(one.now);
    return one.project === seen.project && one.rates.totals.since === seen.rates.totals.since && age > 0 && age <= WINDOW_MS;
  });
  return [...alike, seen];
}

/** Events a second now. Of a single answer: the mean of its last whole minute; undefined where it has none. */
export function perSecond(seen: readonly Pipeline[], outcome: Outcome): number | undefined {
  const [first, last] = [seen[0], seen.at(-1)];
  if (!first || !last) return undefined;
  const seconds = (Date.parse(last.now) - Date.parse(first.now)) / 1000;
  if (seconds <= 0) {
    const whole = last.rates.minutes.at(-2);
    return whole && whole[outcome] / 60;
  }
  const from = last.rates.minutes[0]?.minute ?? "";
  return Math.max(0, running(last, outcome, from) - running(first, outcome, from)) / seconds;
}

/** What was refused has no running total: it is counted from the first minute that both answers have. */
function running(one: Pipeline, outcome: Outcome, from: string): number {
  if (outcome !== "refused") return one.rates.totals[outcome];
  return one.rates.minutes.reduce((sum, minute) => (minute.minute >= from ? sum + minute.refused : sum), 0);
}

export function inHour(minutes: readonly Minute[], outcome: Outcome): number {
  return minutes.reduce((sum, minute) => sum + minute[outcome], 0);
}

/** Events a minute; the one that runs is not complete. */
export function course(minutes: readonly Minute[], outcome: Outcome): Point[] {
  return minutes.map((minute, place) => ({
    time: minute.minute,
    value: minute[outcome],
    ...(place === minutes.length - 1 ? { partial: true } : {}),
  }));
}

/** 0.3, 12.4, 812, 12.3K */
export function asRate(value: number | undefined): string {
  if (value === undefined) return count(undefined);
  return value < 100 ? count(Math.round(value * 10) / 10) : compact(Math.round(value));
}
