import { expect, test } from "vitest";
import type { Question } from "../../question";
import { filterOf, scoped } from "./scope";

const asked: Question = { period: "7d", from: "", to: "", compare: true, site: "", filters: [["is", "country", ["DE"]]] };

test("without a site the question stays as it is", () => {
  expect(scoped(asked)).toBe(asked);
});

test("a site becomes a filter that also lets pass what names no site", () => {
  const found = scoped({ ...asked, site: "shop" });
  expect(found.site).toBe("");
  expect(found.filters).toEqual([["is", "country", ["DE"]], ["is", "site_id", ["shop", ""]]]);
});

test("one filter stands alone, several are joined, none is no parameter", () => {
  expect(filterOf([])).toEqual({});
  expect(filterOf([["is", "a", ["b"]]])).toEqual({ filter: '["is","a",["b"]]' });
  expect(filterOf([["is_set", "a"], ["is_set", "b"]])).toEqual({ filter: '["and",[["is_set","a"],["is_set","b"]]]' });
});
