/** A timeline cut into sessions, as the service made them: the latest first, each with its events in the same order. Pure. */
import type { Event } from "../../live";

/** An event of GET /api/v1/reports/timeline. */
export interface Happened extends Event {
  session: string;
  session_started_at: string | null;
  starts_session: boolean;
}

export interface Visit {
  /** Unique among the visits of a timeline. */
  key: string;
  /** Empty for events that belong to no session. */
  session: string;
  startedAt: string;
  events: Happened[];
  /** Seconds from its start to the latest of its events here. */
  seconds: number;
  /** Its first event is among them. */
  whole: boolean;
}

/** Sessions of one person may overlap, on two devices: each stands where its latest event does. */
export function visits(events: Happened[]): Visit[] {
  const found = new Map<string, Visit>();
  let loose = 0;
  let before: string | undefined;
  for (const event of events) {
    // Events outside of sessions stay together only while no session comes between them.
    if (!event.session && before !== "") loose += 1;
    before = event.session;
    const key = event.session ? `${event.session} ${event.session_started_at}` : `: ${loose}`;
    const visit = found.get(key) ?? begun(key, event);
    visit.events.push(event);
    visit.whole ||= event.starts_session || !event.session;
    if (!event.session) visit.startedAt = event.occurred_at;
    found.set(key, visit);
  }
  return [...found.values()].map((visit) => ({ ...visit, seconds: length(visit) }));
}

function begun(key: string, event: Happened): Visit {
  return { key, session: event.session, startedAt: event.session_started_at ?? event.occurred_at, events: [], seconds: 0, whole: false };
}

function length(visit: Visit): number {
  const last = visit.events[0]?.occurred_at ?? visit.startedAt;
  return Math.max(0, (Date.parse(last) - Date.parse(visit.startedAt)) / 1000);
}
