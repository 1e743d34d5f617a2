import { beforeEach, expect, test, vi } from "vitest";

let now = "";
vi.stubGlobal("addEventListener", () => undefined);
vi.stubGlobal("location", {
  get pathname() { return "/app/overview"; },
  get search() { return now; },
});
vi.stubGlobal("history", { pushState: (_: null, __: string, to: string) => { now = new URL(to, "http://h").search; } });

const { ask, link } = await import("./address");
const { asBody, asParameters, asQuestion, holds, intervalOf, question, toggle, write } = await import("./question");

beforeEach(() => {
  ask(Object.fromEntries([...new URLSearchParams(now).keys()].map((key) => [key, ""])));
});

test("without anything in the address the last seven days are asked for, and compared", () => {
  expect(question.value).toMatchObject({ period: "7d", compare: true, filters: [], site: "" });
});

test("a click filters, a second click on the same value takes that back", () => {
  toggle("country", "DE");
  expect(holds("country", "DE")).toBe(true);
  expect(asQuestion().filters).toEqual([["is", "country", ["DE"]]]);
  toggle("country", "DE");
  expect(asQuestion()).not.toHaveProperty("filters");
});

test("several filters all hold, in a query string as in a body", () => {
  write([["is", "country", ["DE"]], ["contains", "page", ["/blog"]]]);
  expect(JSON.parse(asParameters().filter ?? "")).toEqual(["and", [["is", "country", ["DE"]], ["contains", "page", ["/blog"]]]]);
  expect(asBody().filters).toHaveLength(2);
  expect(asBody()).not.toHaveProperty("filter");
});

test("what is no filter in an address that was tampered with is passed over", () => {
  for (const text of ["{", '"x"', "[7]", '[["is"]', "[[7]]"]) {
    ask({ filters: text });
    expect(question.value.filters).toEqual([]);
  }
  ask({ period: "<script>" });
  expect(question.value.period).toBe("7d");
});

test("a chosen range replaces the period, and both ends are asked for", () => {
  ask({ from: "2026-11-01T00:00:00.000Z", to: "2026-11-03T00:00:00.000Z", period: "30d" });
  expect(asQuestion().date_range).toEqual(["2026-11-01T00:00:00.000Z", "2026-11-03T00:00:00.000Z"]);
  expect(asParameters()).not.toHaveProperty("period");
  expect(intervalOf(question.value)).toBe("hour");
});

test("what is asked goes along to another view, a view's own parameters do not", () => {
  ask({ period: "30d", steps: "x" });
  expect(link("funnel")).toBe("/app/funnel?period=30d");
});
