import { expect, test } from "vitest";
import { parse, redrivable, valuesAt } from "./reason";

test("a reason of a schema names its field", () => {
  expect(parse("schema: items[].sku: is required")).toEqual({ kind: "schema", field: "items[].sku", text: "is required" });
  expect(parse('schema: price: must satisfy type ["number"]')).toEqual({ kind: "schema", field: "price", text: 'must satisfy type ["number"]' });
});

test("every other kind is told by how the reason begins", () => {
  expect(parse("impossible: occurred_at is in the year 3000").kind).toBe("impossible");
  expect(parse("ClickHouse TYPE_MISMATCH: x").kind).toBe("clickhouse");
  expect(parse("kills: a process that prepares it was killed").kind).toBe("kills");
  expect(parse("something else")).toEqual({ kind: "other", field: "", text: "something else" });
});

test("what has no bytes or no kind cannot be put back", () => {
  expect(redrivable("event", "schema: price: is required")).toBe(true);
  expect(redrivable("frame", "lost: the entry vanished")).toBe(false);
  expect(redrivable("", "schema: price: is required")).toBe(false);
});

test("the values at a field are found, through lists and open names", () => {
  const properties = { price: -1, items: [{ sku: "a" }, { name: "b" }, { sku: null }], labels: { x: 1, y: 2 } };
  expect(valuesAt(properties, "price")).toEqual([-1]);
  expect(valuesAt(properties, "items[].sku")).toEqual(["a", null]);
  expect(valuesAt(properties, "labels.*")).toEqual([1, 2]);
  expect(valuesAt(properties, "$")).toEqual([properties]);
});

test("a missing field has no values", () => {
  expect(valuesAt({ a: 1 }, "price")).toEqual([]);
  expect(valuesAt({ a: 1 }, "a.b")).toEqual([]);
  expect(valuesAt("text", "a")).toEqual([]);
  expect(valuesAt({}, "toString")).toEqual([]);
});
