import { expect, test } from "vitest";
import { narrator, type PathsFound } from "./told";

const found: PathsFound = {
  direction: "next",
  nodes: [
    { step: 0, kind: "start", name: "", visits: 200, ended: 50 },
    { step: 1, kind: "page", name: "/a", visits: 50, ended: null },
    { step: 1, kind: "event", name: "", visits: 20, ended: null },
    { step: 1, kind: "other", name: "", visits: 80, ended: null },
  ],
  links: [{ source: 0, target: 1, visits: 50 }, { source: 0, target: 2, visits: 20 }, { source: 0, target: 3, visits: 80 }],
};

test("the first node bears the name of the anchor, or of the start or end of a visit", () => {
  const [first] = found.nodes;
  expect(first && narrator(found, "/pricing").name(first)).toBe("/pricing");
  expect(first && narrator(found, "").name(first)).toBe("Start of visit");
  expect(first && narrator({ ...found, direction: "previous" }, "").name(first)).toBe("End of visit");
});

test("where most lead comes first", () => {
  expect(narrator(found, "").onward(0, 2)).toEqual([["All others", 80], ["/a", 50]]);
});

test("a node is told with its visits, its share, its end and where it leads", () => {
  const story = narrator(found, "");
  expect(story.tell(0)).toBe("Start of visit: 200 visits, 100% of all. 50 end here (25%). Next: All others 80 (40%), /a 50 (25%), (not known) 20 (10%).");
  expect(story.tell(1)).toBe("/a: 50 visits, 25% of all.");
});

test("backwards, visits begin where they have nothing before", () => {
  expect(narrator({ ...found, direction: "previous" }, "").tell(0)).toContain("50 begin here (25%). Before: All others 80 (40%)");
});
