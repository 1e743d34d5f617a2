/** What there is: names of events, the properties of one, the values of a property, the latest events of that name. */
import { ask, parameters } from "../../address";
import { compact, count, percent } from "../../figures";
import { Card, Empty, Settled } from "../../kit/Card";
import { Table } from "../../kit/Table";
import { shortly } from "../../moments";
import { texts } from "../../texts";
import { EventList } from "./EventList";
import { type EventFound, useExplorer, useLatest } from "./explored";
import { Properties } from "./Properties";
import { Values } from "./Values";
import { Warnings } from "./Warnings";

const words = texts.events.explorer;
const LATEST = "20";

export function Explorer() {
  const name = parameters.value.get("name") ?? "";
  const property = parameters.value.get("property") ?? "";
  return (
    <div class={name ? "explorer chosen" : "explorer"}>
      <Names chosen={name} />
      {name && (
        <div class="stack">
          <Properties name={name} chosen={property} />
          {property && <Values name={name} property={property} />}
          <Latest name={name} />
        </div>
      )}
    </div>
  );
}

function Names({ chosen }: { chosen: string }) {
  const asked = useExplorer({ limit: "500" });
  const back = chosen && (
    <button type="button" class="button bare" onClick={() => ask({ name: "", property: "" })}>
      {words.back}
    </button>
  );
  return (
    <Card flush title={words.names} actions={back} busy={asked.busy}>
      <Settled asked={asked} lines={8}>
        {({ data, meta }) => (
          <>
            <Warnings meta={meta} />
            {data.events.length ? <NameTable events={data.events} whole={data.count} chosen={chosen} /> : <Empty title={texts.none.title}>{texts.none.inSpan}</Empty>}
          </>
        )}
      </Settled>
    </Card>
  );
}

/** Beside an open event there is room for what matters most. */
function NameTable({ events, whole, chosen }: { events: EventFound[]; whole: number; chosen: string }) {
  const columns = [
    { name: words.name, show: (one: EventFound) => <strong class="event-name">{one.event}</strong>, clip: true },
    { name: words.events, show: (one: EventFound) => <span title={count(one.events)}>{compact(one.events)}</span>, number: true },
    { name: words.share, show: (one: EventFound) => percent(one.events / whole), number: true },
    { name: words.visitors, show: (one: EventFound) => <span title={count(one.visitors)}>{compact(one.visitors)}</span>, number: true },
    { name: words.first, show: (one: EventFound) => shortly(one.first_seen), number: true },
    { name: words.last, show: (one: EventFound) => shortly(one.last_seen), number: true },
  ];
  const shown = chosen ? columns.filter(({ name }) => name !== words.share && name !== words.first && name !== words.last) : columns;
  return <Table label={words.names} columns={shown} rows={events} id={(one) => one.event} open={(one) => ask({ name: one.event, property: "" })} chosen={chosen} />;
}

function Latest({ name }: { name: string }) {
  const asked = useLatest(name, LATEST);
  return (
    <Card flush title={words.latest(name)} busy={asked.busy}>
      <Settled asked={asked} lines={6}>
        {({ data }) => (data.events.length ? <EventList events={data.events} label={words.latest(name)} when={shortly} named={false} /> : <Empty title={texts.none.title}>{texts.none.inSpan}</Empty>)}
      </Settled>
    </Card>
  );
}
