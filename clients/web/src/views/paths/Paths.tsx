/** Where visits go from a page or an event, or come from: drawn as a flow, and as a table below it. */
import { useState } from "preact/hooks";
import { ask, parameters } from "../../address";
import { useAnswer } from "../../answer";
import { post } from "../../api";
import { Asked, Filters } from "../../kit/Asked";
import { Card, Empty, Settled, Skeleton } from "../../kit/Card";
import { CopyLink } from "../../kit/CopyLink";
import { useEvents } from "../../kit/EventPicker";
import { Fresh } from "../../kit/Fresh";
import { asBody } from "../../question";
import { texts } from "../../texts";
import { asked, body, named, usualOf, written, type PathsAsked } from "./asked";
import { Drawing } from "./Drawing";
import { List } from "./List";
import "./paths.css";
import { Terms } from "./Terms";
import { narrator, type PathsFound } from "./told";

const words = texts.paths;

export default function Paths() {
  const events = useEvents();
  const [narrow] = useState(() => matchMedia("(max-width: 820px)").matches);
  const given = parameters.value;
  const own = named(given);
  const paths = asked(given, usualOf(narrow, events.data ?? []));
  const change = (changes: Partial<PathsAsked>) => ask(written({ ...paths, ...changes }));
  return (
    <div class="stack">
      <div class="head">
        <h1>{texts.views.paths}</h1>
        <CopyLink view="paths" own={written(paths)} />
        <Asked compare={false} />
      </div>
      <Filters />
      {!own && !events.data ? (
        <Settled asked={events}>{() => <Skeleton lines={10} />}</Settled>
      ) : (
        <>
          {!own && <p class="note">{words.proposed(paths.of, paths.steps)}</p>}
          <Card>
            <Terms paths={paths} events={events.data ?? []} change={change} />
          </Card>
          <Found paths={paths} change={change} />
        </>
      )}
    </div>
  );
}

function Found({ paths, change }: { paths: PathsAsked; change: (changes: Partial<PathsAsked>) => void }) {
  const whole = { ...asBody(), ...body(paths) };
  // The answer carries its question: while a new one is asked the old picture keeps its own names.
  const found = useAnswer(JSON.stringify(whole), async (signal) => ({ ...(await post<PathsFound>("/api/v1/reports/paths", whole, signal)), of: paths }));
  const title = words.title(paths.page || paths.event, paths.direction);
  if (found.error || !found.data) return <Card title={title}><Settled asked={found} lines={9}>{() => null}</Settled></Card>;
  const { data, meta, of } = found.data;
  if (!data.links.length) {
    return (
      <Card title={title} busy={found.busy}>
        <Empty title={words.nobodyTitle}>{data.nodes[0]?.visits ? words.alone(data.nodes[0].visits) : words.nobody(of.page || of.event)}</Empty>
      </Card>
    );
  }
  const story = narrator(data, of.page || of.event);
  return (
    <>
      <Card title={title} flush busy={found.busy}>
        <Drawing found={data} story={story} open={(node) => change(node.kind === "page" ? { page: node.name, event: "" } : { page: "", event: node.name })} />
        <Fresh meta={meta} />
      </Card>
      <div class="paths-list">
        <Card title={words.table} flush busy={found.busy}>
          <List found={data} story={story} />
        </Card>
      </div>
    </>
  );
}
