/** What the workbench answers: causes with counts, samples of one, shards that stand still. */

export interface Group {
  fingerprint: string;
  project: string;
  name: string;
  kind: string;
  reason: string;
  rows: number;
  events: number;
  redriven: number;
  first_seen: string;
  last_seen: string;
}

export interface HaltedShard {
  shard: number;
  since: string;
  reason: string;
}

export interface Groups {
  groups: Group[];
  halted: HaltedShard[];
}

export interface Sample {
  position: string;
  project: string;
  name: string;
  kind: string;
  reason: string;
  event_id: string;
  events: number;
  appended_at: string;
  redriven_at: string | null;
  size: number;
  readable: unknown;
  hex: string;
}

/** Rows of a cause that wait to be put back. */
export const waiting = (group: Group) => group.rows - group.redriven;
