import { expect, it } from "vitest";
import { changes, localTime, moment, ordered, type Key } from "./keyring";

const key = (changes: Partial<Key> = {}): Key => ({
  id: "a", project: "shop", kind: "write", state: "active", label: "web", rate: 60, created_at: "2026-11-21T10:00:00Z", expires_at: null, revoked_at: null, ...changes,
});

it("a time of the form is read back as the moment it was made of", () => {
  expect(moment(localTime("2026-11-21T10:41:00.000Z"))).toBe("2026-11-21T10:41:00.000Z");
  expect(moment(localTime(null))).toBeNull();
});

it("only what was changed of a key is sent", () => {
  expect(changes(key(), { label: "web", rate: 60, ends: "" })).toEqual({});
  expect(changes(key(), { label: "app", rate: 0, ends: "" })).toEqual({ label: "app", rate: 0 });
});

it("an end that is taken away is sent as null", () => {
  const ending = key({ expires_at: "2026-12-01T00:00:00Z" });
  expect(changes(ending, { label: "web", rate: 60, ends: "" })).toEqual({ expires_at: null });
  expect(changes(ending, { label: "web", rate: 60, ends: localTime(ending.expires_at) })).toEqual({});
});

it("open keys come before closed ones, the newest first", () => {
  const keys = [key({ id: "old" }), key({ id: "closed", state: "revoked", created_at: "2026-11-22T10:00:00Z" }), key({ id: "new", created_at: "2026-11-21T11:00:00Z" })];
  expect(ordered(keys).map((one) => one.id)).toEqual(["new", "old", "closed"]);
});
