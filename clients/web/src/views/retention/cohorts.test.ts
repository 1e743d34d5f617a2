import { expect, test } from "vitest";
import { means, peopled, running, share, strongest, type Cohort } from "./cohorts";

const cohorts: Cohort[] = [
  { start: "2026-11-02T00:00:00Z", size: 100, counts: [100, 40, 10] },
  { start: "2026-11-09T00:00:00Z", size: 300, counts: [300, 60] },
  { start: "2026-11-16T00:00:00Z", size: 50, counts: [20] },
];

test("a mean weighs cohorts by their size", () => {
  expect(means(cohorts, false)).toEqual([420 / 450, 100 / 400, 0.1]);
});

test("what the running period counts is in no mean", () => {
  expect(means(cohorts, true)).toEqual([1, 0.4, null]);
});

test("a cohort of nobody has no shares and weighs nothing", () => {
  const nobody = { start: "2026-10-26T00:00:00Z", size: 0, counts: [0, 0, 0, 0] };
  expect(share(nobody, 0)).toBeNull();
  expect(means([nobody], false)).toEqual([null, null, null, null]);
  expect(peopled([nobody, ...cohorts])).toEqual(cohorts);
  expect(peopled([nobody])).toEqual([]);
});

test("the strongest shade is of those who came back later", () => {
  expect(strongest(cohorts)).toBe(0.4);
  expect(strongest([])).toBe(1);
});

test("the last period runs until its end", () => {
  const found = { period: "2026-11-02T00:00:00Z/2026-11-23T00:00:00Z", interval: "week", mode: "on", by: "person", cohorts };
  expect(running(found, Date.parse("2026-11-22T12:00:00Z"))).toBe(true);
  expect(running(found, Date.parse("2026-11-23T00:00:00Z"))).toBe(false);
});
