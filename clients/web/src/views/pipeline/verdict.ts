/** Whether all is well, as a whole and at each stop of the path. */
import type { Alarm, Pipeline } from "./gauges";

export type Level = "good" | "warn" | "bad";
export type Stop = "producers" | "door" | "redis" | "workers" | "clickhouse";

/** Where on the path an alarm belongs; those of the books belong to no stop. */
const STOPS: Record<string, Stop> = {
  durability: "redis",
  redis_memory: "redis",
  redis_no_limit: "redis",
  shard_without_worker: "workers",
  no_worker: "workers",
  worker_silent: "workers",
  worker_stuck: "workers",
  worker_waits: "workers",
  shard_halted: "workers",
  lag: "workers",
  clickhouse_away: "clickhouse",
  events_missing: "clickhouse",
};

export function level(alarms: readonly Alarm[]): Level {
  if (alarms.some((alarm) => alarm.state === "fail")) return "bad";
  return alarms.length ? "warn" : "good";
}

export function levelAt(stop: Stop, alarms: readonly Alarm[]): Level {
  return level(alarms.filter((alarm) => STOPS[alarm.name] === stop));
}

/** Acknowledged events, of everybody, that have come to no end yet. */
export function waiting(seen: Pipeline): number {
  return seen.shards.reduce((sum, shard) => sum + shard.waiting, 0);
}

/** The bar of a shard: its share of the greatest number that waits, in percent. */
export function share(part: number, whole: number): number {
  return whole > 0 ? Math.min(100, (100 * part) / whole) : 0;
}
