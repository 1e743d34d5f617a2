/** Keys as the management API has them, and what a form changes of one. */
import { get, patch, post, remove } from "../../api";

export interface Key {
  id: string;
  project: string;
  kind: string;
  state: "active" | "expired" | "revoked";
  label: string;
  /** Events a minute; 0 is no limit. */
  rate: number;
  created_at: string;
  expires_at: string | null;
  revoked_at: string | null;
}

export interface NewKey extends Key {
  token: string;
}

export interface Draft {
  label: string;
  rate: number;
  /** As an input for local times has it; empty: no end. */
  ends: string;
}

/** Of the tokens the page makes: admin keys are made on the command line, share links under Sharing. */
export const KINDS = ["write", "query", "delete"] as const;

const all = (project: string) => `/api/v1/projects/${encodeURIComponent(project)}/keys`;

export async function list(project: string, signal: AbortSignal): Promise<Key[]> {
  return (await get<{ keys: Key[] }>(all(project), {}, signal)).data.keys;
}

export async function make(project: string, kind: string, draft: Draft): Promise<NewKey> {
  return (await post<NewKey>(all(project), { kind, label: draft.label, rate: draft.rate, expires_at: moment(draft.ends) })).data;
}

export async function rotate(key: Key, overlapSeconds: number): Promise<NewKey> {
  return (await post<NewKey>(`${all(key.project)}/${key.id}/rotate`, { overlap_seconds: overlapSeconds })).data;
}

export async function change(key: Key, changes: Record<string, unknown>): Promise<Key> {
  return (await patch<Key>(`${all(key.project)}/${key.id}`, changes)).data;
}

export async function revoke(key: Key): Promise<Key> {
  return (await remove<Key>(`${all(key.project)}/${key.id}`)).data;
}

/** What differs from the key as it is: only that is sent. */
export function changes(key: Key, draft: Draft): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  if (draft.label !== key.label) found.label = draft.label;
  if (draft.rate !== key.rate) found.rate = draft.rate;
  if (draft.ends !== localTime(key.expires_at)) found.expires_at = moment(draft.ends);
  return found;
}

/** 2026-11-21T10:41, in this zone; empty for never. */
export function localTime(time: string | null): string {
  if (!time) return "";
  const at = new Date(time);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function moment(local: string): string | null {
  return local ? new Date(local).toISOString() : null;
}

/** Open ones first, the newest first among them. */
export function ordered(keys: readonly Key[]): Key[] {
  const closed = (key: Key) => Number(key.state !== "active");
  return [...keys].sort((one, other) => closed(one) - closed(other) || other.created_at.localeCompare(one.created_at));
}
