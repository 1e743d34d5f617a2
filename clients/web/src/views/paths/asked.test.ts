import { expect, test } from "vitest";
import { asked, body, named, usualOf, written, type PathsAsked } from "./asked";

const usual = usualOf(false, [{ event: "page_view" }]);

test("a question comes back from the address as it was written, on any screen", () => {
  const whole: PathsAsked = { page: "/pricing", event: "", direction: "previous", of: "both", steps: 2, top: 12 };
  expect(asked(new URLSearchParams(written(whole)), usualOf(true, []))).toEqual(whole);
});

test("without a question it is the start of a visit, and fewer steps on a phone", () => {
  const nothing = new URLSearchParams({ period: "30d" });
  expect(named(nothing)).toBe(false);
  expect(asked(nothing, usual)).toEqual({ page: "", event: "", direction: "next", of: "pages", steps: 5, top: 8 });
  expect(asked(nothing, usualOf(true, [{ event: "order" }]))).toEqual({ page: "", event: "", direction: "next", of: "events", steps: 3, top: 5 });
});

test("numbers that cannot be asked are as usual", () => {
  expect(asked(new URLSearchParams({ steps: "11", top: "0.5" }), usual)).toMatchObject({ steps: 5, top: 8 });
});

test("the body names an anchor only where there is one", () => {
  expect(body(asked(new URLSearchParams(), usual))).toEqual({ direction: "next", of: "pages", steps: 5, top: 8 });
  expect(body(asked(new URLSearchParams({ event: "signup" }), usual))).toMatchObject({ anchor: { event: "signup" } });
});
