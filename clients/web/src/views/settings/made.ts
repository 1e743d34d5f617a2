/** The key that was made last, for the snippets. It is in memory alone, and gone with the session, the project or the page. */
import { effect, signal } from "@preact/signals";
import { session } from "../../session";
import { QUERY_KEY, WRITE_KEY } from "./snippets";

interface Made {
  project: string;
  kind: string;
  token: string;
}

const made = signal<Made[]>([]);

effect(() => {
  const project = session.value?.signed_in ? session.value.project?.id : undefined;
  const kept = made.peek().filter((one) => one.project === project);
  if (kept.length < made.peek().length) made.value = kept;
});

export function keep(one: Made): void {
  made.value = [...made.value.filter((other) => other.kind !== one.kind), one];
}

/** Not to be shown any more: it was closed. */
export function forget(): void {
  made.value = [];
}

export function keyOf(kind: "write" | "query"): string {
  return made.value.find((one) => one.kind === kind)?.token ?? (kind === "write" ? WRITE_KEY : QUERY_KEY);
}
