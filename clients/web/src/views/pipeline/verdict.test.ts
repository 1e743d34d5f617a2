import { expect, it } from "vitest";
import type { Alarm } from "./gauges";
import { level, levelAt, share } from "./verdict";

const alarm = (name: string, state: Alarm["state"]): Alarm => ({ name, state, since: "2026-11-21T10:41:00Z", message: "", remedy: "" });

it("without alarms all is well", () => {
  expect(level([])).toBe("good");
});

it("the worst alarm decides", () => {
  expect(level([alarm("redis_memory", "warn")])).toBe("warn");
  expect(level([alarm("redis_memory", "warn"), alarm("no_worker", "fail")])).toBe("bad");
});

it("an alarm marks the stop that it belongs to and no other", () => {
  const alarms = [alarm("clickhouse_away", "fail"), alarm("lag", "warn")];
  expect(levelAt("clickhouse", alarms)).toBe("bad");
  expect(levelAt("workers", alarms)).toBe("warn");
  expect(levelAt("redis", alarms)).toBe("good");
});

it("an alarm that nobody knows here still counts for the whole", () => {
  expect(level([alarm("of_next_year", "fail")])).toBe("bad");
});

it("a bar is never longer than its place", () => {
  expect([share(1, 4), share(9, 4), share(1, 0)]).toEqual([25, 100, 0]);
});
