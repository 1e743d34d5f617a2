import { expect, it } from "vitest";
import { missing, refused, sent, shown, type Account } from "./accounts";

const account = (changes: Partial<Account> = {}): Account => ({
  accepted: 10, duplicate: 2, stored: 7, rejected: 1, repeated: 0, erased: 0, in_flight: 2, refused: { invalid_time: 3, rate_limited: 1 }, ...changes,
});

it("what was sent is accepted, a duplicate, or refused for some reason", () => {
  expect(refused(account())).toBe(4);
  expect(sent(account())).toBe(16);
});

it("nothing is missing where every accepted event has an end or is in flight", () => {
  expect(missing(account())).toBe(0);
});

it("a lost event is missing, and one that ended twice is one too many", () => {
  expect(missing(account({ stored: 6 }))).toBe(1);
  expect(missing(account({ stored: 8 }))).toBe(-1);
});

it("rare ends are shown where there are any", () => {
  expect(shown(account())).toEqual(["stored", "rejected", "in_flight"]);
  expect(shown(account({ erased: 1 }))).toEqual(["stored", "rejected", "erased", "in_flight"]);
});
