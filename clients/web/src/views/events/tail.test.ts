import { expect, test } from "vitest";
import type { Event } from "../../live";
import { arrive, EMPTY, MOST, pause, resume } from "./tail";

const events = (from: number, to: number): Event[] =>
  Array.from({ length: to - from }, (_, place) => ({ event_id: `evt_${from + place}`, event_type: "a", occurred_at: "2026-11-21T10:00:00Z" }));
const ids = (list: Event[]) => list.map((one) => one.event_id);

test("the newest stands first", () => {
  expect(ids(arrive(arrive(EMPTY, events(0, 2)), events(2, 3)).shown)).toEqual(["evt_2", "evt_1", "evt_0"]);
});

test("the list is bounded, and the oldest goes", () => {
  const { shown } = arrive(arrive(EMPTY, events(0, MOST)), events(MOST, MOST + 5));
  expect(shown).toHaveLength(MOST);
  expect(shown[0]?.event_id).toBe(`evt_${MOST + 4}`);
  expect(shown.at(-1)?.event_id).toBe("evt_5");
});

test("while it is paused nothing moves, and what waits is counted", () => {
  const paused = arrive(pause(arrive(EMPTY, events(0, 2))), events(2, 5));
  expect(ids(paused.shown)).toEqual(["evt_1", "evt_0"]);
  expect(paused.missed).toBe(3);
});

test("what came in a pause is shown on resuming, in order", () => {
  const on = resume(arrive(pause(arrive(EMPTY, events(0, 1))), events(1, 3)));
  expect(ids(on.shown)).toEqual(["evt_2", "evt_1", "evt_0"]);
  expect(on).toMatchObject({ waiting: [], missed: 0, paused: false });
});

test("a long pause counts all and keeps the newest", () => {
  const paused = arrive(pause(EMPTY), events(0, MOST + 30));
  expect(paused.missed).toBe(MOST + 30);
  expect(paused.waiting).toHaveLength(MOST);
  expect(resume(paused).shown[0]?.event_id).toBe(`evt_${MOST + 29}`);
});

test("nothing that came changes nothing", () => {
  expect(arrive(EMPTY, [])).toBe(EMPTY);
});
