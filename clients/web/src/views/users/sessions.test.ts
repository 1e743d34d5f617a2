import { expect, test } from "vitest";
import { type Happened, visits } from "./sessions";

let number = 0;
function event(at: string, session: string, startedAt: string | null, starts = false): Happened {
  number += 1;
  return { event_id: `evt_${number}`, event_type: "a", occurred_at: `2026-11-21T${at}Z`, session, session_started_at: startedAt && `2026-11-21T${startedAt}Z`, starts_session: starts };
}

test("events of a session stand together, the latest session first", () => {
  const found = visits([event("12:00:30", "s:b", "12:00:00"), event("12:00:00", "s:b", "12:00:00", true), event("10:00:00", "s:a", "10:00:00", true)]);
  expect(found.map((one) => [one.session, one.events.length, one.seconds, one.whole])).toEqual([
    ["s:b", 2, 30, true],
    ["s:a", 1, 0, true],
  ]);
});

test("sessions on two devices at once do not mix", () => {
  const found = visits([event("12:02:00", "c:1", "12:00:00"), event("12:01:00", "c:2", "12:01:00", true), event("12:00:00", "c:1", "12:00:00", true)]);
  expect(found.map((one) => one.events.length)).toEqual([2, 1]);
});

test("the same visitor has several sessions, told apart by their start", () => {
  expect(visits([event("12:00:00", "c:1", "12:00:00", true), event("10:00:00", "c:1", "10:00:00", true)])).toHaveLength(2);
});

test("a session whose start is not among the events is not whole, and its length counts from its start", () => {
  expect(visits([event("12:05:00", "c:1", "12:00:00")])[0]).toMatchObject({ whole: false, seconds: 300 });
});

test("events outside of sessions stand together until a session comes between", () => {
  const found = visits([event("12:00:00", "", null), event("11:00:00", "", null), event("10:00:00", "c:1", "10:00:00", true), event("09:00:00", "", null)]);
  expect(found.map((one) => [one.session, one.events.length])).toEqual([["", 2], ["c:1", 1], ["", 1]]);
  expect(new Set(found.map((one) => one.key)).size).toBe(3);
});

test("no events are no visits", () => {
  expect(visits([])).toEqual([]);
});
