import { expect, test } from "vitest";
import { dump } from "./bytes";

test("sixteen bytes stand in a line, with their place and their letters", () => {
  const lines = dump("7b2270726963").split("\n");
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^0000 {2}7b 22 70 72 69 63 +\{"pric$/);
  expect(dump("41".repeat(17)).split("\n")[1]).toMatch(/^0010 {2}41 +A$/);
});

test("letters of all lines stand in one column", () => {
  const places = dump("41".repeat(20)).split("\n").map((line) => line.indexOf("A"));
  expect(new Set(places).size).toBe(1);
});

test("what is no plain letter is a dot", () => {
  expect(dump("001b7fff")).toMatch(/····$/);
  expect(dump("")).toBe("");
});
