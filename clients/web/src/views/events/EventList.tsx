/** Events, one line each: when, what, where, whose. A click opens the event. */
import type { Event } from "../../live";
import { atClock, inFull } from "../../moments";
import { texts } from "../../texts";
import { mainProperties, pageOf, personOf } from "./described";
import "./events.css";
import { openEvent } from "./opened";

interface EventListProps {
  events: Event[];
  label?: string;
  when?: (time: string) => string;
  /** The time of arrival, where that is the order. */
  arrived?: boolean;
  /** Where all events are one person's, whose they are need not be said. */
  who?: boolean;
  /** Where all events have one name, it need not be said. */
  named?: boolean;
  /** Lines light up when they appear. */
  lit?: boolean;
}

export function EventList({ events, label = texts.events.list, when = atClock, who = true, arrived = false, named = true, lit = false }: EventListProps) {
  const kind = ["events", who && "who", !named && "unnamed", lit && "lit"].filter(Boolean).join(" ");
  return (
    <ul class={kind} aria-label={label}>
      {events.map((event) => (
        <li key={event.event_id}>
          <Line event={event} time={(arrived && event.received_at) || event.occurred_at} when={when} who={who} named={named} />
        </li>
      ))}
    </ul>
  );
}

interface LineProps {
  event: Event;
  time: string;
  when: (time: string) => string;
  who: boolean;
  named: boolean;
}

function Line({ event, time, when, who, named }: LineProps) {
  const page = pageOf(event);
  const properties = mainProperties(event);
  return (
    <button type="button" onClick={() => openEvent(event)}>
      <time class="number" dateTime={time} title={inFull(time)}>
        {when(time)}
      </time>
      {named && <span class="name">{event.event_type}</span>}
      <span class="about">
        {page && <span class="page-path">{page}</span>}
        {properties.map((one) => (
          <span key={one} class="soft">
            {one}
          </span>
        ))}
      </span>
      {who && <span class="mono soft person">{personOf(event)?.id ?? ""}</span>}
    </button>
  );
}
