/** What a combobox suggests for a text, and what is meant by one. */

export interface Suggestion {
  value: string;
  /** As it is shown, where that is not the value itself. */
  label?: string;
  /** Beside it: how often there is one. */
  note?: string;
}

const MOST = 60;

/** Those that hold the text; those that begin with it first. */
export function narrowed(suggestions: Suggestion[], text: string): Suggestion[] {
  const wanted = text.trim().toLowerCase();
  const place = (one: Suggestion) => (one.label ?? one.value).toLowerCase().indexOf(wanted);
  const found = suggestions.filter((one) => place(one) >= 0);
  return [...found.filter((one) => place(one) === 0), ...found.filter((one) => place(one) > 0)].slice(0, MOST);
}

/** The value that a text stands for; undefined where nothing was typed, and nothing is no choice. */
export function meant(suggestions: Suggestion[], text: string): string | undefined {
  const typed = text.trim();
  const found = suggestions.find((one) => one.label === typed) ?? suggestions.find((one) => one.value === typed);
  return found?.value ?? (typed || undefined);
}
