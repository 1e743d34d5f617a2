import { expect, test } from "vitest";
import { BAR, clipped, flow, LABEL, type Link, type Node } from "./flow";

const node = (step: number, visits: number, ended: number | null, name = ""): Node => ({ step, kind: step ? "page" : "start", name, visits, ended });
const nodes = [node(0, 100, 10), node(1, 60, 20, "/a"), node(1, 30, 30, "/b"), node(2, 40, null, "/c")];
const links: Link[] = [{ source: 1, target: 3, visits: 40 }, { source: 0, target: 2, visits: 30 }, { source: 0, target: 1, visits: 60 }];

test("a column is a step, and bars are as tall as their visits", () => {
  const { bars, slot } = flow(nodes, links, 900, false);
  expect(slot).toBe(300);
  expect(bars.map((bar) => bar.x)).toEqual([0, 300, 300, 600]);
  expect(bars.map((bar) => bar.height)).toEqual([300, 180, 90, 120]);
  expect(bars.map((bar) => bar.ended)).toEqual([30, 60, 90, 0]);
});

test("bars of a column do not touch, and the whole is as high as its fullest column", () => {
  const { bars, height } = flow(nodes, links, 900, false);
  const [, a, b] = bars;
  expect((b?.y ?? 0) - LABEL).toBeGreaterThan((a?.y ?? 0) + (a?.height ?? 0));
  expect(height).toBe(Math.max(...bars.map((bar) => bar.y + bar.height)));
});

test("ribbons leave a bar one below the other, in the order of where they lead", () => {
  const { bars, ribbons } = flow(nodes, links, 900, false);
  expect(ribbons.map(({ source, target }) => [source, target])).toEqual([[0, 1], [0, 2], [1, 3]]);
  expect(ribbons[0]?.outline.startsWith(`M${BAR} ${bars[0]?.y}C`)).toBe(true);
  expect(ribbons[1]?.outline.startsWith(`M${BAR} ${(bars[0]?.y ?? 0) + 180}C`)).toBe(true);
});

test("backwards the first step stands at the right, and ribbons lead to it", () => {
  const { bars, ribbons } = flow(nodes, links, 900, true);
  expect(bars.map((bar) => bar.x)).toEqual([600, 300, 300, 0]);
  const toFirst = ribbons[0]?.outline ?? "";
  expect(toFirst.startsWith(`M${300 + BAR} ${bars[1]?.y}C`)).toBe(true);
  expect(toFirst).toContain(` 600 ${bars[0]?.y}V`);
});

test("the least of nodes can still be seen", () => {
  const { bars } = flow([node(0, 100_000, 99_999), node(1, 1, null)], [{ source: 0, target: 1, visits: 1 }], 400, false);
  expect(bars[1]?.height).toBeGreaterThanOrEqual(3);
});

test("a path of nobody has a layout too", () => {
  expect(flow([node(0, 0, 0)], [], 400, false).bars).toHaveLength(1);
});

test("a long name is cut where its room ends", () => {
  expect(clipped("/pricing", 100)).toBe("/pricing");
  expect(clipped("/a/very/long/path/of/a/page", 68)).toBe("/a/very/l…");
});
