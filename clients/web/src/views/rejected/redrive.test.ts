import { expect, test } from "vitest";
import { add, ended } from "./redrive";

const page = { redriven: 900, already: 100, events: 1000, left: 500, before: 1 };

test("events add up over pages, and what is left is the last page's", () => {
  const first = add({ events: 0, already: 0, left: 0 }, page);
  expect(add(first, { ...page, redriven: 500, already: 0, events: 700, left: 0 })).toEqual({ events: 1700, already: 100, left: 0 });
});

test("it ends when nothing is left, and also when nothing moves", () => {
  expect(ended(page)).toBe(false);
  expect(ended({ ...page, left: 0 })).toBe(true);
  expect(ended({ ...page, redriven: 0, already: 0 })).toBe(true);
});
