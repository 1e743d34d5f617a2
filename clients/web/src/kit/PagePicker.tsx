/** The path of a page: one of those with most visitors in the last 30 days, or any other that is typed. */
import { useAnswer } from "../answer";
import { get } from "../api";
import { compact } from "../figures";
import { texts } from "../texts";
import { Combobox } from "./Combobox";

interface PageSeen {
  value: string;
  page_views: number;
}

export function PagePicker(props: { label: string; value: string; on: (page: string) => void; shown?: boolean; focus?: boolean }) {
  const parameters = { period: "30d", lists: "pages", limit: "100" };
  const seen = useAnswer("pages", async (signal) => (await get<{ lists: { pages: PageSeen[] } }>("/api/v1/reports/top", parameters, signal)).data.lists.pages);
  const suggestions = (seen.data ?? []).filter((page) => page.value).map((page) => ({ value: page.value, note: compact(page.page_views) }));
  return <Combobox {...props} suggestions={suggestions} placeholder={texts.picker.page} />;
}
