/** Who is signed in. The key itself is in no place that scripts can read: the cookie is http-only. */
import { signal } from "@preact/signals";
import { get, post, remove } from "./api";

export interface Session {
  signed_in: boolean;
  project?: { id: string; name?: string; site_ids?: string[] } | null;
  kinds?: string[];
  shared?: boolean;
  expires_at?: number;
  psql_url?: string | null;
  origin?: string;
  version?: string;
}

/** Undefined until the first answer. */
export const session = signal<Session | undefined>(undefined);

const PATH = "/api/v1/session";

export async function load(): Promise<void> {
  session.value = (await get<Session>(PATH)).data;
}

/** Raises `ApiError` when the key opens nothing. */
export async function signIn(key: string): Promise<void> {
  session.value = (await post<Session>(PATH, { key })).data;
}

/** For somebody with an admin key: see this project. */
export async function open(project: string): Promise<void> {
  session.value = (await post<Session>(PATH, { project })).data;
}

export async function signOut(): Promise<void> {
  await remove(PATH);
  session.value = { signed_in: false };
}

/** The service no longer knows the session. */
export function lost(): void {
  session.value = { signed_in: false };
}

export function may(kind: string): boolean {
  return session.value?.kinds?.includes(kind) ?? false;
}
