import { expect, test } from "vitest";
import { grouped, written } from "./fields";

test("fields stand in groups, empty ones and empty groups are left out", () => {
  const groups = grouped({ user_id: "", client_id: "c_1", url: "https://a.example/", country: "", asn: 0, kind: "event" });
  expect(groups).toEqual([
    { group: "who", fields: [["client_id", "c_1"]] },
    { group: "page", fields: [["url", "https://a.example/"]] },
    { group: "arrival", fields: [["kind", "event"]] },
  ]);
});

test("a visitor is told where nothing else names it", () => {
  expect(grouped({ client_id: "c_1", visitor: "c:c_1" })).toEqual([{ group: "who", fields: [["client_id", "c_1"]] }]);
  expect(grouped({ visitor: "v:1" })).toEqual([{ group: "who", fields: [["visitor", "v:1"]] }]);
});

test("a version stands beside its name", () => {
  expect(grouped({ browser: "Chrome", browser_version: "140.0", os: "Android", os_version: "" })).toEqual([
    { group: "device", fields: [["browser", "Chrome 140.0"], ["os", "Android"]] },
  ]);
});

test("plain values are told as they are, nested ones over lines", () => {
  expect(written("pro")).toEqual({ text: "pro", nested: false });
  expect(written(9.5)).toEqual({ text: "9.5", nested: false });
  expect(written(null)).toEqual({ text: "null", nested: false });
  expect(written({ a: [1] })).toEqual({ text: '{\n  "a": [\n    1\n  ]\n}', nested: true });
});
