/** The settings of a project as a form has them: what is wrong with a field, and what was changed. */

export interface Settings {
  public_writes: boolean;
  public_rate: number;
  origins: string[];
  past_days: number;
  retention_days: number;
  ip: "drop" | "truncate" | "keep";
  cookieless: boolean;
  hash_properties: string[];
  drop_properties: string[];
  do_not_track: boolean;
}

export interface Project extends Settings {
  id: string;
  site_ids: string[];
  created_at: string;
}

export type Name = keyof Settings;
export type Wrong = Partial<Record<Name, Trouble>>;
/** A rule that is broken, and in lists the line; or what the service said. */
export type Trouble = { rule: "number" | "origin" | "path" | "many"; line?: number } | { said: string; line?: number };

export const NAMES: readonly Name[] = [
  "public_writes", "public_rate", "origins", "past_days", "retention_days", "ip", "cookieless", "hash_properties", "drop_properties", "do_not_track",
];
export const MOST: Partial<Record<Name, number>> = { public_rate: 1_000_000_000, past_days: 36_500, retention_days: 36_500 };
const MOST_LINES = 100;
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/((\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:]+\])(:\d{1,5})?$/i;

export function of(project: Project): Settings {
  return Object.fromEntries(NAMES.map((name) => [name, project[name]])) as unknown as Settings;
}

/** Lines of a text, without empty ones and the blanks around them. */
export function lines(text: string): string[] {
  return text.split("\n").map((line) => line.trim()).filter(Boolean);
}

export function problems(draft: Settings): Wrong {
  const wrong: Wrong = {};
  for (const [name, most] of Object.entries(MOST) as [Name, number][]) {
    const value = draft[name] as number;
    if (!Number.isInteger(value) || value < 0 || value > most) wrong[name] = { rule: "number" };
  }
  check(wrong, "origins", draft.origins, (line) => ORIGIN.test(line), "origin");
  const path = (line: string) => line.length <= 255 && line.split(".").every(Boolean);
  check(wrong, "hash_properties", draft.hash_properties, path, "path");
  check(wrong, "drop_properties", draft.drop_properties, path, "path");
  return wrong;
}

function check(wrong: Wrong, name: Name, values: string[], right: (line: string) => boolean, rule: "origin" | "path"): void {
  const at = values.findIndex((line) => !right(line));
  if (values.length > MOST_LINES) wrong[name] = { rule: "many" };
  else if (at >= 0) wrong[name] = { rule, line: at + 1 };
}

/** Only what differs: what others changed meanwhile stays. */
export function changed(before: Settings, draft: Settings): Partial<Settings> {
  return Object.fromEntries(NAMES.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(draft[name])).map((name) => [name, draft[name]]));
}

/** `origins[2]` of the service's details is the third line of that field. */
export function refusals(details: readonly { field: string; message: string }[]): Wrong {
  const wrong: Wrong = {};
  for (const { field, message } of details) {
    const [, name, place] = /^(\w+)(?:\[(\d+)\])?/.exec(field) ?? [];
    if (NAMES.includes(name as Name)) wrong[name as Name] ??= { said: message, ...(place === undefined ? {} : { line: Number(place) + 1 }) };
  }
  return wrong;
}

/** Of what was refused, the fields that are as they were sent: what was mended since is not told again. */
export function still(refused: Wrong, sent: Settings, draft: Settings): Wrong {
  const mended = changed(sent, draft);
  return Object.fromEntries(Object.entries(refused).filter(([name]) => !(name in mended)));
}

/** Whether saving this deletes events that are stored now. */
export function deletes(before: Settings, draft: Settings): boolean {
  return draft.retention_days > 0 && (before.retention_days === 0 || draft.retention_days < before.retention_days);
}
