import { expect, test } from "vitest";
import { asked, body, intervalOf, written, type RetentionAsked } from "./asked";

test("a question comes back from the address as it was written", () => {
  const whole: RetentionAsked = { start: "signup", back: "", interval: "month", mode: "on_or_after", by: "visitor" };
  expect(asked(new URLSearchParams(written(whole, "week")), "week")).toEqual(whole);
});

test("without events in the address there is none, and the rest is as usual", () => {
  expect(asked(new URLSearchParams({ mode: "never" }), "week")).toEqual({ start: undefined, back: undefined, interval: "week", mode: "on", by: "person" });
});

test("any event is asked for by naming none", () => {
  expect(body({ start: "", back: "page_view", interval: "day", mode: "on", by: "person" })).toEqual({ back: { event: "page_view" }, interval: "day", mode: "on", by: "person" });
});

test("the interval follows the span", () => {
  expect(intervalOf({ period: "7d", from: "", to: "" })).toBe("day");
  expect(intervalOf({ period: "90d", from: "", to: "" })).toBe("week");
  expect(intervalOf({ period: "365d", from: "", to: "" })).toBe("month");
  expect(intervalOf({ period: "", from: "2026-01-01T00:00:00Z", to: "2026-02-01T00:00:00Z" })).toBe("week");
  expect(intervalOf({ period: "", from: "2026-01-01T00:00:00Z", to: "" }, Date.parse("2026-01-10T00:00:00Z"))).toBe("day");
});
