/** The ledger's account of a project, as GET /api/v1/ledger has it, and its two equations. */

export interface Account {
  accepted: number;
  duplicate: number;
  stored: number;
  rejected: number;
  repeated: number;
  erased: number;
  in_flight: number;
  refused: Record<string, number>;
}

export interface Minute extends Account {
  minute: string;
  balanced: boolean;
}

export interface Ledger {
  minutes: Minute[];
  total: Account;
  balanced: boolean;
}

export const ENDS = ["stored", "rejected", "repeated", "erased", "in_flight"] as const;
export type End = (typeof ENDS)[number];

export function refused(account: Account): number {
  return Object.values(account.refused).reduce((sum, events) => sum + events, 0);
}

/** All that came in. */
export function sent(account: Account): number {
  return account.accepted + account.duplicate + refused(account);
}

/** What accepted events lack to be accounted for; below 0: more ended than was accepted. */
export function missing(account: Account): number {
  return account.accepted - ENDS.reduce((sum, end) => sum + account[end], 0);
}

/** Ends that are worth a place: those that always matter, and the others where there are any. */
export function shown(account: Account): End[] {
  return ENDS.filter((end) => account[end] !== 0 || end === "stored" || end === "rejected" || end === "in_flight");
}
