import { expect, test } from "vitest";
import type { Event } from "../../live";
import { mainProperties, pageOf, personOf } from "./described";

const event: Event = { event_id: "evt_1", event_type: "a", occurred_at: "2026-11-21T10:00:00Z" };

test("a page is its path and query, and what is no address stays as it is", () => {
  expect(pageOf({ ...event, url: "https://shop.example/a?b=1#c" })).toBe("/a?b=1");
  expect(pageOf({ ...event, url: "Start screen" })).toBe("Start screen");
  expect(pageOf(event)).toBe("");
});

test("main properties are the first that can be told in a word", () => {
  const properties = { cart: { size: 2 }, tags: ["a"], plan: "pro", price: 9.5, paid: false, more: 1, empty: "" };
  expect(mainProperties({ ...event, properties })).toEqual(["plan: pro", "price: 9.5", "paid: false"]);
  expect(mainProperties(event)).toEqual([]);
});

test("a long text is cut", () => {
  expect(mainProperties({ ...event, properties: { note: "x".repeat(200) } })[0]).toHaveLength("note: ".length + 81);
});

test("the user goes before the anonymous id, and that before the visitor", () => {
  expect(personOf({ ...event, user_id: "ada", client_id: "c_1" })).toEqual({ parameter: "user_id", id: "ada" });
  expect(personOf({ ...event, user_id: "", client_id: "c_1" })).toEqual({ parameter: "client_id", id: "c_1" });
  expect(personOf({ ...event, visitor: "v:1" })).toEqual({ parameter: "visitor", id: "v:1" });
  expect(personOf(event)).toBeUndefined();
});
