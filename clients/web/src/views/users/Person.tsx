/** One person: who, since when, with which anonymous ids; below, what they did. */
import { ask, link } from "../../address";
import { useAnswer } from "../../answer";
import { ApiError, get } from "../../api";
import { count } from "../../figures";
import { Asked, Filters } from "../../kit/Asked";
import { Card, Problem, Skeleton } from "../../kit/Card";
import { Copy } from "../../kit/Controls";
import { ago, inFull, shortly } from "../../moments";
import { asParameters, question } from "../../question";
import { texts } from "../../texts";
import { written } from "../events/fields";
import { scoped } from "../events/scope";
import { Timeline } from "./Timeline";
import { filterOf, type Who } from "./who";

const words = texts.users.one;

interface Seen {
  first?: string;
  last?: string;
  events: number;
  clients: string[];
  traits: Record<string, unknown>;
}

export function Person({ open }: { open: Who }) {
  return (
    <>
      <button type="button" class="button bare back" onClick={() => ask({ user_id: "", client_id: "", visitor: "" })}>← {words.back}</button>
      <div class="head">
        <div class="who">
          <span class="badge">{words.kinds[open.kind]}</span>
          <h1>{open.id}</h1>
          <Copy text={open.id} label={words.copy} />
        </div>
        <Asked compare={false} />
      </div>
      <Filters />
      {open.kind === "user_id" ? <Known id={open.id} /> : <Anonymous open={open} />}
      <Timeline open={open} />
    </>
  );
}

/** A user, with the past of linked ids, whatever the span. */
function Known({ id }: { id: string }) {
  const asked = useAnswer(id, async (signal): Promise<Seen> => {
    const { data } = await get<{ first_seen: string; last_seen: string; events: number; client_ids: string[]; traits: Record<string, unknown> }>(`/api/v1/users/${encodeURIComponent(id)}`, {}, signal);
    return { first: data.first_seen, last: data.last_seen, events: data.events, clients: data.client_ids, traits: data.traits };
  });
  if (asked.error) return <Problem error={asked.error} again={asked.again} />;
  return <Sight seen={asked.data} names={[words.first, words.last, words.events]} linked />;
}

/** Of an anonymous id only what lies in the span is known. */
function Anonymous({ open }: { open: Who }) {
  const asked = { ...question.value, filters: [...question.value.filters, filterOf(open)] };
  const parameters = asParameters(scoped(asked));
  const answer = useAnswer(JSON.stringify(parameters), async (signal): Promise<Seen> => {
    const { data } = await get<{ count: number; events: { first_seen: string; last_seen: string }[] }>("/api/v1/reports/explorer", parameters, signal);
    const times = data.events.flatMap((one) => [one.first_seen, one.last_seen]).sort();
    return { first: times[0], last: times.at(-1), events: data.count, clients: [], traits: {} };
  });
  if (answer.error) return <Problem error={answer.error as ApiError} again={answer.again} />;
  return <Sight seen={answer.data} names={[words.firstIn, words.lastIn, words.eventsIn]} />;
}

function Sight({ seen, names, linked = false }: { seen: Seen | undefined; names: [string, string, string]; linked?: boolean }) {
  if (!seen) return <Card><Skeleton lines={2} /></Card>;
  const traits = Object.entries(seen.traits);
  return (
    <section class="card">
      <div class="figures sight">
        <Moment name={names[0]} at={seen.first} />
        <Moment name={names[1]} at={seen.last} />
        <div class="figure">
          <span class="name">{names[2]}</span>
          <span class="value">{count(seen.events)}</span>
        </div>
        {linked && (
          <div class="figure">
            <span class="name">{words.clients}</span>
            {seen.clients.length ? <Clients ids={seen.clients} /> : <span class="value soft">{words.noClients}</span>}
          </div>
        )}
      </div>
      {traits.length > 0 && (
        <div class="body traits">
          <h3>{words.traits}</h3>
          <dl class="facts">
            {traits.map(([name, value]) => (
              <Trait key={name} name={name} value={value} />
            ))}
          </dl>
        </div>
      )}
    </section>
  );
}

function Moment({ name, at }: { name: string; at: string | undefined }) {
  return (
    <div class="figure" title={at && inFull(at)}>
      <span class="name">{name}</span>
      <span class="value">{at ? shortly(at) : "–"}</span>
      {at && <span class="change">{ago(at)}</span>}
    </div>
  );
}

function Trait({ name, value }: { name: string; value: unknown }) {
  return (
    <>
      <dt class="mono">{name}</dt>
      <dd class="mono">{written(value).text}</dd>
    </>
  );
}

/** Anonymous ids. A click shows what was sent under one of them alone. */
function Clients({ ids }: { ids: string[] }) {
  return (
    <ul class="chips">
      {ids.map((id) => (
        <li key={id}>
          <a class="badge mono" href={link("events", { tab: "explorer", filters: JSON.stringify([filterOf({ kind: "client_id", id })]) })}>
            {id}
          </a>
        </li>
      ))}
    </ul>
  );
}
