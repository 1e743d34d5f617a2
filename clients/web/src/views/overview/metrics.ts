/** The figures of the overview: how each is written, and whether more of it is good. */
import { compact, duration, percent } from "../../figures";

export interface Metric {
  name: string;
  show: (value: number | null | undefined) => string;
  /** More of it is good news, bad news. */
  good: 1 | -1;
}

export const METRICS: Metric[] = [
  { name: "visitors", show: compact, good: 1 },
  { name: "sessions", show: compact, good: 1 },
  { name: "page_views", show: compact, good: 1 },
  { name: "event_count", show: compact, good: 1 },
  { name: "bounce_rate", show: percent, good: -1 },
  { name: "session_duration", show: duration, good: 1 },
];

export function shown(name: string): Metric["show"] {
  return METRICS.find((metric) => metric.name === name)?.show ?? compact;
}
