import { describe, expect, it } from "vitest";
import { changed, deletes, lines, of, problems, refusals, still, type Project, type Settings } from "./draft";

const project: Project = {
  id: "shop", site_ids: ["shop-web"], created_at: "2026-11-21T14:40:11Z",
  public_writes: false, public_rate: 0, origins: ["https://shop.example"], past_days: 0, retention_days: 365,
  ip: "drop", cookieless: true, hash_properties: [], drop_properties: [], do_not_track: false,
};
const draft = (changes: Partial<Settings> = {}): Settings => ({ ...of(project), ...changes });

describe("what is sent", () => {
  it("is nothing where nothing was changed", () => {
    expect(changed(draft(), draft({ origins: ["https://shop.example"] }))).toEqual({});
  });

  it("is only what was changed", () => {
    expect(changed(draft(), draft({ ip: "keep", hash_properties: ["email"] }))).toEqual({ ip: "keep", hash_properties: ["email"] });
  });

  it("holds no field that is none of the settings", () => {
    expect(Object.keys(of(project))).not.toContain("site_ids");
  });
});

describe("a field is wrong", () => {
  it("where a number is none, below nothing, or too large", () => {
    for (const past_days of [Number.NaN, -1, 1.5, 36_501]) expect(problems(draft({ past_days }))).toEqual({ past_days: { rule: "number" } });
    expect(problems(draft({ public_rate: 1_000_000_000 }))).toEqual({});
  });

  it("where an origin has a path, and the line is told", () => {
    const origins = ["https://shop.example", "https://*.shop.example:8443", "https://shop.example/cart"];
    expect(problems(draft({ origins }))).toEqual({ origins: { rule: "origin", line: 3 } });
  });

  it("where a property has an empty name", () => {
    expect(problems(draft({ drop_properties: ["customer.email", "customer..email"] }))).toEqual({ drop_properties: { rule: "path", line: 2 } });
  });

  it("where there are more than a hundred lines", () => {
    expect(problems(draft({ hash_properties: Array.from({ length: 101 }, (_, place) => `p${place}`) }))).toEqual({ hash_properties: { rule: "many" } });
  });
});

it("what the service refuses is told at its field and line", () => {
  const details = [{ field: "origins[1]", message: "write scheme://host" }, { field: "past_days", message: "expected int <= 36500" }, { field: "body", message: "else" }];
  expect(refusals(details)).toEqual({ origins: { said: "write scheme://host", line: 2 }, past_days: { said: "expected int <= 36500" } });
});

it("a refusal is told until its field is changed", () => {
  const refused = refusals([{ field: "origins[0]", message: "write scheme://host" }]);
  expect(still(refused, draft({ origins: ["x://y:99999"] }), draft({ origins: ["x://y:99999"], past_days: 1 }))).toEqual(refused);
  expect(still(refused, draft({ origins: ["x://y:99999"] }), draft())).toEqual({});
});

it("lines are read without blanks and empty ones", () => {
  expect(lines(" a \n\n b\n")).toEqual(["a", "b"]);
});

it("a shorter retention deletes, a longer one and none at all do not", () => {
  expect(deletes(draft(), draft({ retention_days: 30 }))).toBe(true);
  expect(deletes(draft({ retention_days: 0 }), draft())).toBe(true);
  expect(deletes(draft(), draft({ retention_days: 0 }))).toBe(false);
  expect(deletes(draft(), draft({ retention_days: 400 }))).toBe(false);
});
