import { expect, test } from "vitest";
import { eventId, type Receipt, steps, uuidOf } from "./receipt";

const receipt: Receipt = {
  event_id: "evt_01a200f2915b72dea9d8c79bd19e9480",
  state: "stored",
  appended_at: "2026-11-22T01:41:40Z",
  position: { shard: 1, entry: "1795311700433-0", index: 228 },
};

test("a stored event goes four steps, with the delay of each that has a time", () => {
  const path = steps(receipt, { occurred_at: "2026-11-22T01:41:38.406Z", received_at: "2026-11-22T01:41:40.406Z" });
  expect(path.map((step) => step.name)).toEqual(["occurred", "received", "appended", "stored"]);
  expect(path.map((step) => step.after)).toEqual([undefined, 2000, 27, undefined]);
});

test("milliseconds come from the entry, whole seconds only where it has none", () => {
  expect(steps(receipt)[0]?.at).toBe(1795311700433);
  expect(steps({ ...receipt, position: { ...receipt.position, entry: "" } })[0]?.at).toBe(Date.parse(receipt.appended_at));
});

test("of a queued or rejected event only what is known is shown", () => {
  expect(steps({ ...receipt, state: "queued" }).map((step) => step.name)).toEqual(["appended", "queued"]);
  expect(steps({ ...receipt, state: "rejected", reason: "event: x" }).at(-1)?.name).toBe("rejected");
});

test("an event that is dated ahead has a negative delay", () => {
  expect(steps(receipt, { occurred_at: "2026-11-22T01:41:41.406Z", received_at: "2026-11-22T01:41:40.406Z" })[1]?.after).toBe(-1000);
});

test("an id is understood in every form that answers give", () => {
  const uuid = "01a200f2-915b-72de-a9d8-c79bd19e9480";
  for (const form of [receipt.event_id, receipt.event_id.slice(4), uuid, ` ${uuid.toUpperCase()} `]) expect(uuidOf(form)).toBe(uuid);
  expect(eventId(uuid)).toBe(receipt.event_id);
});

test("what is no id is none", () => {
  for (const text of ["", "evt_12", "evt_zz00f2915b72dea9d8c79bd19e9480", "01a200f2-915b"]) expect(uuidOf(text)).toBeUndefined();
});
