/** Which event is open. Its id stands in the address; what a list knew of it is shown until the whole is there. */
import { ask, parameters } from "../../address";
import type { Event } from "../../live";

let glimpsed: Event | undefined;

export function openEvent(event: Event): void {
  glimpsed = event;
  ask({ event: event.event_id });
}

export function closeEvent(): void {
  ask({ event: "" }, true);
}

export function opened(): string {
  return parameters.value.get("event") ?? "";
}

export function glimpse(id: string): Event | undefined {
  return glimpsed?.event_id === id ? glimpsed : undefined;
}
