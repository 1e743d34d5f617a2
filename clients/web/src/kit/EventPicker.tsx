/** The name of an event: one of those seen in the last 30 days, or any other that is typed. */
import { useAnswer, type Asked } from "../answer";
import { get } from "../api";
import { compact } from "../figures";
import { texts } from "../texts";
import { Combobox } from "./Combobox";

export interface EventSeen {
  event: string;
  events: number;
  visitors: number;
}

/** Asked once by a view, for all its pickers: the most frequent first. */
export function useEvents(): Asked<EventSeen[]> {
  const parameters = { period: "30d", limit: "200" };
  return useAnswer("events", async (signal) => (await get<{ events: EventSeen[] }>("/api/v1/reports/explorer", parameters, signal)).data.events);
}

interface EventPickerProps {
  label: string;
  value: string;
  events: EventSeen[];
  on: (event: string) => void;
  /** What no name stands for, where that can be asked. */
  any?: string;
  shown?: boolean;
  focus?: boolean;
}

export function EventPicker({ label, value, events, on, any, shown, focus }: EventPickerProps) {
  const seen = events.map((one) => ({ value: one.event, note: compact(one.events) }));
  const suggestions = any === undefined ? seen : [{ value: "", label: any }, ...seen];
  return <Combobox {...{ label, value, suggestions, on, shown, focus }} placeholder={any ?? texts.picker.event} />;
}
