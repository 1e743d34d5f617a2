/** The answer of GET /api/v1/pipeline, and whose events it is asked for. What only operators see is left out for others. */
import { get } from "../../api";
import { may, session } from "../../session";

export interface Minute {
  minute: string;
  accepted: number;
  duplicate: number;
  stored: number;
  rejected: number;
  refused: number;
}

export interface Totals {
  /** Null: since the installation. */
  since: string | null;
  accepted: number;
  duplicate: number;
  stored: number;
  rejected: number;
}

export interface Shard {
  shard: number;
  lag_seconds: number;
  waiting: number;
  held: boolean;
  owner?: string | null;
}

export interface Worker {
  id: string;
  host: string;
  pid: number;
  shards: number[];
  state: string;
  healthy: boolean;
  problem: string;
  started_at: string;
  last_seen: string;
  moved_at: string;
}

export interface Alarm {
  name: string;
  state: "warn" | "fail";
  since: string;
  message: string;
  remedy: string;
}

export interface Pipeline {
  now: string;
  /** Null: everybody's. */
  project: string | null;
  durability: "os" | "disk" | "replica";
  fresh_through: string;
  lag_seconds: number;
  rates: { minutes: Minute[]; totals: Totals };
  rejected_waiting: number | null;
  shards: Shard[];
  alarms: Alarm[];
  workers?: Worker[];
  redis?: { used_bytes: number; max_bytes: number; policy: string; lacks: string };
  clickhouse?: { reachable: boolean; problem: string; milliseconds: number };
  halted?: { shard: number; since: string; reason: string }[];
}

export const ALL = "all";

/** The project whose events are counted; empty for everybody's, which takes an admin key. */
export function counted(whose: string): string {
  if (!may("admin")) return session.value?.project?.id ?? "";
  return whose === ALL ? "" : (session.value?.project?.id ?? "");
}

export async function look(project: string, signal: AbortSignal): Promise<Pipeline> {
  return (await get<Pipeline>("/api/v1/pipeline", project ? { project } : {}, signal)).data;
}
