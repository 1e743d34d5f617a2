/** Whose timeline is open, by the address. Pure. */

export const KINDS = ["user_id", "client_id", "visitor"] as const;
export type Kind = (typeof KINDS)[number];

export interface Who {
  kind: Kind;
  id: string;
}

/** The first that is named. */
export function who(given: URLSearchParams): Who | undefined {
  for (const kind of KINDS) {
    const id = given.get(kind);
    if (id) return { kind, id };
  }
  return undefined;
}

/** A filter that holds for the events of an anonymous id or a visitor. */
export function filterOf({ kind, id }: Who): [string, string, string[]] {
  return ["is", kind, [id]];
}

/** What is listed, narrowed by a part of the id. Who has none is nobody. */
export function listed(kind: "user_id" | "visitor", part: string): [string, ...unknown[]][] {
  const named: [string, ...unknown[]] = ["is_set", kind];
  return part ? [named, ["contains", kind, [part]]] : [named];
}
