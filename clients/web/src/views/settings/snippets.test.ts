import { describe, expect, it } from "vitest";
import { ASKING, asking, doorOf, psqlUrl, sending, SENDING, type Place } from "./snippets";

const place: Place = {
  door: "https://events.shop.example",
  origin: "https://stats.shop.example",
  project: "shop",
  site: "shop-web",
  writeKey: "$HEADRACE_WRITE_KEY",
  queryKey: "$HEADRACE_QUERY_KEY",
  psqlUrl: "postgresql://shop:<your query key>@stats.shop.example:5433/events",
};
/** What a shell sends as the body of a curl snippet, with a moment in the place of its `date`. */
const body = (snippet: string): unknown => JSON.parse((/-d '([^]*)'$/.exec(snippet)?.[1] ?? "").replace(/'\$\(date [^)]*\)'/g, "1795257662000"));

describe("snippets that send", () => {
  it.each(SENDING)("%s goes to the front door and names the key", (how) => {
    const snippet = sending(how, place);
    expect(snippet).toContain("https://events.shop.example");
    expect(snippet).toMatch(/HEADRACE_WRITE_KEY/);
    expect(snippet).not.toContain("stats.shop.example");
  });

  it.each(SENDING.filter((how) => how !== "browser" && how !== "node"))("%s has a body that is JSON", (how) => {
    expect(body(sending(how, place))).toBeTypeOf("object");
  });

  it("name the site where the dialect has one", () => {
    for (const how of ["browser", "node", "pulse", "hardal"] as const) expect(sending(how, place)).toContain("shop-web");
  });

  it("hold a key that was made just now, as text in code", () => {
    const made = { ...place, writeKey: "hr_write_made" };
    expect(sending("node", made)).toContain("apiKey: 'hr_write_made'");
    expect(sending("browser", made)).toContain('data-key="hr_write_made"');
    expect(sending("eventbunker", made)).toContain("x-eventbunker-write-key: hr_write_made");
  });
});

describe("snippets that ask", () => {
  it.each(ASKING)("%s goes to the query service with a query key", (how) => {
    const snippet = asking(how, place);
    expect(snippet).toContain("stats.shop.example");
    expect(snippet).toContain("$HEADRACE_QUERY_KEY");
    expect(snippet).not.toContain("events.shop.example");
  });

  it("put the key into the PSQL URL", () => {
    expect(psqlUrl(place)).toBe("postgresql://shop:$HEADRACE_QUERY_KEY@stats.shop.example:5433/events");
  });
});

describe("the address of a front door", () => {
  it("is a scheme and a host, slashes at its end left out", () => {
    expect(doorOf(" https://events.shop.example/ ")).toBe("https://events.shop.example");
    expect(doorOf("http://127.0.0.1:8000")).toBe("http://127.0.0.1:8000");
    expect(doorOf("http://[::1]:8000")).toBe("http://[::1]:8000");
  });

  it.each(["events.shop.example", "ftp://shop.example", "https://shop.example/collect", "https://$(id).example", 'https://a"b', "https://", ""])("is not %j", (written) => {
    expect(doorOf(written)).toBe("");
  });
});
