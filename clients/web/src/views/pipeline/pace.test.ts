import { describe, expect, it } from "vitest";
import type { Minute, Pipeline } from "./gauges";
import { asRate, course, inHour, perSecond, remembered } from "./pace";

const minute = (clock: string, accepted: number, refused = 0): Minute => ({
  minute: `2026-11-21T${clock}:00Z`,
  accepted,
  duplicate: 0,
  stored: accepted,
  rejected: 0,
  refused,
});

function answer(clock: string, accepted: number, minutes: Minute[] = [], changes: Partial<Pipeline> = {}): Pipeline {
  return {
    now: `2026-11-21T${clock}Z`,
    project: "shop",
    durability: "disk",
    fresh_through: `2026-11-21T${clock}Z`,
    lag_seconds: 0,
    rates: { minutes, totals: { since: "2026-11-21T10:00:00Z", accepted, duplicate: 0, stored: accepted, rejected: 0 } },
    rejected_waiting: 0,
    shards: [],
    alarms: [],
    ...changes,
  };
}

describe("events a second", () => {
  it("are what two answers differ by, over the time between them", () => {
    const seen = remembered([answer("10:41:00", 100)], answer("10:41:04", 300));
    expect(perSecond(seen, "accepted")).toBe(50);
    expect(perSecond(seen, "rejected")).toBe(0);
  });

  it("are the mean of the last whole minute while there is one answer", () => {
    const seen = remembered([], answer("10:41:04", 0, [minute("10:40", 600), minute("10:41", 7)]));
    expect(perSecond(seen, "accepted")).toBe(10);
  });

  it("are not known before the first whole minute", () => {
    expect(perSecond([], "accepted")).toBeUndefined();
    expect(perSecond([answer("10:41:04", 0)], "accepted")).toBeUndefined();
  });

  it("of what was refused come from the minutes that both answers have", () => {
    const before = answer("10:41:58", 0, [minute("09:42", 0, 900), minute("10:41", 0, 10)]);
    const after = answer("10:42:02", 0, [minute("09:43", 0), minute("10:41", 0, 14), minute("10:42", 0, 6)]);
    expect(perSecond([before, after], "refused")).toBe(2.5);
  });

  it("are never below nothing", () => {
    expect(perSecond([answer("10:41:00", 300), answer("10:41:02", 0)], "accepted")).toBe(0);
  });
});

describe("answers that are compared", () => {
  const first = answer("10:41:00", 100);

  it("lie at most ten seconds apart", () => {
    expect(remembered([first], answer("10:41:11", 200))).toHaveLength(1);
    expect(remembered([first], answer("10:41:10", 200))).toHaveLength(2);
  });

  it("count the same project from the same moment on", () => {
    expect(remembered([first], answer("10:41:02", 100, [], { project: null }))).toHaveLength(1);
    const later = answer("10:41:02", 3);
    later.rates.totals.since = "2026-11-21T11:00:00Z";
    expect(remembered([first], later)).toHaveLength(1);
  });

  it("are all older than the newest, also after the clock was set back", () => {
    expect(remembered([first], answer("10:40:59", 100))).toHaveLength(1);
  });
});

describe("an hour", () => {
  const minutes = [minute("10:40", 5), minute("10:41", 2)];

  it("is the sum of its minutes", () => {
    expect(inHour(minutes, "accepted")).toBe(7);
  });

  it("is drawn with the running minute as a partial one", () => {
    expect(course(minutes, "stored")).toEqual([
      { time: "2026-11-21T10:40:00Z", value: 5 },
      { time: "2026-11-21T10:41:00Z", value: 2, partial: true },
    ]);
  });
});

it("a rate is written with one decimal while it is small", () => {
  expect([undefined, 0, 0.32, 12.44, 812.4, 12_345].map(asRate)).toEqual(["–", "0", "0.3", "12.4", "812", "12.3K"]);
});
