/** What GET /api/v1/reports/explorer answers, by what is asked: names, properties of one, values of one of those. */
import { type Asked, useAnswer } from "../../answer";
import { type Answer, get } from "../../api";
import type { Event } from "../../live";
import { asParameters, question } from "../../question";
import { scoped } from "./scope";

export interface EventFound {
  event: string;
  events: number;
  visitors: number;
  first_seen: string;
  last_seen: string;
}

export interface PropertyFound {
  property: string;
  types: { type: string; events: number }[];
  events: number;
  share: number | null;
  values: number;
}

export interface PropertyDescribed extends PropertyFound {
  min: number | null;
  max: number | null;
  mean: number | null;
  top: { value: string; type: string; events: number; visitors: number }[];
}

interface Explored {
  count: number;
  events: EventFound[];
  properties: PropertyFound[];
  property: PropertyDescribed | null;
}

export function useExplorer(own: Record<string, string>): Asked<Answer<Explored>> {
  const parameters = { ...asParameters(scoped(question.value)), ...own };
  return useAnswer(JSON.stringify(parameters), (signal) => get<Explored>("/api/v1/reports/explorer", parameters, signal));
}

/** Everybody's events of one name, the latest first. */
export function useLatest(name: string, limit: string): Asked<Answer<{ events: Event[] }>> {
  const parameters = { ...asParameters(scoped(question.value)), event_type: name, limit };
  return useAnswer(JSON.stringify(parameters), (signal) => get<{ events: Event[] }>("/api/v1/reports/timeline", parameters, signal));
}
