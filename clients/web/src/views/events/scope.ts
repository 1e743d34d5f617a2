/** What is asked, for routes that know no site of their own: the site becomes a filter. Pure. */
import type { Filter, Question } from "../../question";

/** Events that name no site belong to every site, as everywhere. */
export function scoped(asked: Question): Question {
  return asked.site ? { ...asked, site: "", filters: [...asked.filters, ["is", "site_id", [asked.site, ""]]] } : asked;
}

/** Filters as one parameter `filter`; nothing where there are none. */
export function filterOf(filters: Filter[]): Record<string, string> {
  if (!filters.length) return {};
  return { filter: JSON.stringify(filters.length === 1 ? filters[0] : ["and", filters]) };
}
