import { expect, test } from "vitest";
import { filterOf, listed, who } from "./who";

test("the address says whose timeline is open", () => {
  expect(who(new URLSearchParams("period=7d&client_id=c_1"))).toEqual({ kind: "client_id", id: "c_1" });
  expect(who(new URLSearchParams("user_id=ada&client_id=c_1"))).toEqual({ kind: "user_id", id: "ada" });
  expect(who(new URLSearchParams("period=7d&user_id="))).toBeUndefined();
});

test("an anonymous id is a filter of its own", () => {
  expect(filterOf({ kind: "visitor", id: "v:1" })).toEqual(["is", "visitor", ["v:1"]]);
});

test("only who has an id is listed, narrowed by a part of it", () => {
  expect(listed("user_id", "")).toEqual([["is_set", "user_id"]]);
  expect(listed("visitor", "c_1")).toEqual([["is_set", "visitor"], ["contains", "visitor", ["c_1"]]]);
});
