import { expect, test } from "vitest";
import { meant, narrowed } from "./suggestions";

const some = [{ value: "", label: "Any event" }, { value: "user_signup" }, { value: "signup" }, { value: "page_view" }];

test("what begins with the text comes before what holds it", () => {
  expect(narrowed(some, "Sign").map((one) => one.value)).toEqual(["signup", "user_signup"]);
  expect(narrowed(some, "")).toEqual(some);
  expect(narrowed(some, "nothing of the kind")).toEqual([]);
});

test("a text means the suggestion of that label or value, or itself", () => {
  expect(meant(some, "Any event")).toBe("");
  expect(meant(some, " signup ")).toBe("signup");
  expect(meant(some, "not seen yet")).toBe("not seen yet");
});

test("no text means nothing, unless nothing may be chosen", () => {
  expect(meant([{ value: "signup" }], " ")).toBeUndefined();
  expect(meant(some, "")).toBe("");
});
