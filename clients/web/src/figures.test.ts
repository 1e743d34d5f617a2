import { expect, test } from "vitest";
import { bytes, change, compact, count, duration, percent } from "./figures";

test("what is not known is a dash, never a zero", () => {
  for (const show of [bytes, compact, count, duration, percent]) expect(show(null)).toBe("–");
});

test("counts are exact until they would be too long to read", () => {
  expect([compact(0), compact(9_999), compact(12_345), compact(1_234_567)]).toEqual(["0", "9,999", "12.3K", "1.23M"]);
  expect(count(1_234_567)).toBe("1,234,567");
});

test("durations name their two greatest units", () => {
  expect([0.25, 5, 65, 3_725, 90_000].map(duration)).toEqual(["250 ms", "5s", "1m 05s", "1h 02m", "1d 1h"]);
  expect(duration(59.6)).toBe("1m 00s");
});

test("changes have a sign, and those beyond tenfold a factor", () => {
  expect([0.5, -0.031, 0, 11].map(change)).toEqual(["+50%", "−3.1%", "+0%", "×12"]);
});

test("bytes are in units of 1024", () => {
  expect([512, 1536, 5 * 2 ** 30].map(bytes)).toEqual(["512 B", "1.5 KiB", "5 GiB"]);
});
