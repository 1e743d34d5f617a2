import { expect, test } from "vitest";
import { largestDrop, widths, type StepTaken } from "./taken";

const step = (count: number, dropped: number): StepTaken => ({ event: "e", count, dropped, conversion: null, conversion_from_previous: null, median_seconds: null, mean_seconds: null });

test("the largest drop is where most people are lost, the first of equal ones", () => {
  expect(largestDrop([step(100, 0), step(90, 10), step(40, 50), step(10, 30)])).toBe(2);
  expect(largestDrop([step(20, 0), step(10, 10), step(0, 10)])).toBe(1);
  expect(largestDrop([step(5, 0), step(5, 0)])).toBeUndefined();
});

test("kept and dropped together are as wide as what was kept before", () => {
  const steps = [step(200, 0), step(50, 150), step(40, 10)];
  expect(widths(steps, 0)).toEqual({ kept: 100, dropped: 0 });
  expect(widths(steps, 1)).toEqual({ kept: 25, dropped: 75 });
  expect(widths(steps, 2)).toEqual({ kept: 20, dropped: 5 });
});

test("a funnel of nobody has no widths", () => {
  expect(widths([step(0, 0), step(0, 0)], 1)).toEqual({ kept: 0, dropped: 0 });
});
