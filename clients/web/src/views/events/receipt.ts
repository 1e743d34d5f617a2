/** One event's path: from its receipt to steps with times and the delays between them. Pure. */

export interface Receipt {
  event_id: string;
  state: "queued" | "stored" | "rejected";
  appended_at: string;
  position: { shard: number; entry: string; index: number };
  reason?: string;
}

export interface Step {
  name: "occurred" | "received" | "appended" | Receipt["state"];
  /** Unix milliseconds; the end of the path has no time of its own. */
  at?: number;
  /** Milliseconds since the step before; negative where clocks differ or a producer dates ahead. */
  after?: number;
}

/** Times that the event itself names, as ISO 8601. */
export interface Told {
  occurred_at?: string;
  received_at?: string;
}

export function steps(receipt: Receipt, told: Told = {}): Step[] {
  const known: Step[] = [
    { name: "occurred", at: told.occurred_at ? Date.parse(told.occurred_at) : undefined },
    { name: "received", at: told.received_at ? Date.parse(told.received_at) : undefined },
    { name: "appended", at: appendedAt(receipt) },
  ];
  const timed = known.filter((step) => step.at !== undefined && !Number.isNaN(step.at));
  const walked = timed.map((step, place) => {
    const before = timed[place - 1]?.at;
    return before === undefined ? step : { ...step, after: (step.at as number) - before };
  });
  return [...walked, { name: receipt.state }];
}

/** The id of the entry begins with its milliseconds; `appended_at` may be told in whole seconds only. */
function appendedAt(receipt: Receipt): number {
  const ms = Number(receipt.position.entry.split("-")[0]);
  return ms > 0 ? ms : Date.parse(receipt.appended_at);
}

const ID = /^(?:evt_)?([0-9a-f]{32})$|^([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})$/i;

/** `evt_` and 32 digits, the digits alone, or a UUID -> the UUID; nothing for anything else. */
export function uuidOf(id: string): string | undefined {
  const found = ID.exec(id.trim());
  const digits = (found?.[1] ?? found?.[2] ?? "").replaceAll("-", "").toLowerCase();
  if (!digits) return undefined;
  return [0, 8, 12, 16, 20].map((from, place, all) => digits.slice(from, all[place + 1])).join("-");
}

/** The id as answers give it. */
export function eventId(uuid: string): string {
  return `evt_${uuid.replaceAll("-", "")}`;
}
