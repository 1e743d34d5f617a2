import { expect, test } from "vitest";
import { asked, body, moved, proposed, written, type FunnelAsked } from "./asked";

const whole: FunnelAsked = {
  steps: [{ event: "page_view", filters: [["is", "page", ["/pricing"]]] }, { event: "signup", filters: [] }],
  window: "14d", order: "strict", by: "visitor", breakdown: "properties.plan",
};

test("a question comes back from the address as it was written", () => {
  expect(asked(new URLSearchParams(written(whole)))).toEqual(whole);
});

test("what is as usual does not stand in the address", () => {
  const usual = asked(new URLSearchParams({ steps: '["a","b"]' }));
  expect(usual).toEqual({ steps: [{ event: "a", filters: [] }, { event: "b", filters: [] }], window: "7d", order: "ordered", by: "person", breakdown: "" });
  expect(written(usual)).toEqual({ steps: '["a","b"]', window: "", order: "", by: "", breakdown: "" });
});

test("what cannot be read in the address is as if it was not there", () => {
  expect(asked(new URLSearchParams({ steps: "[", window: "ever", order: "none", by: "nobody" }))).toEqual({ steps: [], window: "7d", order: "ordered", by: "person", breakdown: "" });
  expect(asked(new URLSearchParams({ steps: '[7,{"event":"a","filters":["is",["is","page",["/"]]]}]' })).steps).toEqual([{ event: "a", filters: [["is", "page", ["/"]]] }]);
});

test("the body has the steps that are named, and nothing is asked of less than two", () => {
  expect(body({ ...whole, steps: [...whole.steps, { event: "", filters: [] }] })).toEqual({
    steps: [{ event: "page_view", filters: [["is", "page", ["/pricing"]]] }, { event: "signup" }],
    window: "14d", order: "strict", by: "visitor", breakdown: "properties.plan",
  });
  expect(body({ ...whole, steps: [{ event: "a", filters: [] }, { event: "", filters: [] }] })).toBeUndefined();
});

test("the proposal is of the events of most visitors", () => {
  const seen = [["click", 5], ["page_view", 9], ["live", 0], ["signup", 1], ["buy", 3]].map(([event, visitors]) => ({ event: event as string, visitors: visitors as number }));
  expect(proposed(seen).map((step) => step.event)).toEqual(["page_view", "click", "buy"]);
  expect(proposed([{ event: "only", visitors: 2 }]).map((step) => step.event)).toEqual(["only", "only"]);
  expect(proposed([])).toEqual([]);
});

test("a step moves past its neighbour", () => {
  expect(moved(["a", "b", "c"], 2, 1)).toEqual(["a", "c", "b"]);
  expect(moved(["a", "b", "c"], 0, 1)).toEqual(["b", "a", "c"]);
});
