/** What one person did, session by session, the latest first. Older events are asked for page by page. */
import { link } from "../../address";
import { get } from "../../api";
import { duration } from "../../figures";
import { Card, Empty, Settled } from "../../kit/Card";
import { atClock, inFull, shortly } from "../../moments";
import { asParameters, question } from "../../question";
import { texts } from "../../texts";
import { EventList } from "../events/EventList";
import { scoped } from "../events/scope";
import { Warnings } from "../events/Warnings";
import { usePages } from "./pages";
import { type Happened, type Visit, visits } from "./sessions";
import type { Who } from "./who";

const words = texts.users.one;
const PAGE = "100";

interface Answered {
  user_id: string;
  client_ids: string[];
  events: Happened[];
  cursor: string;
}

export function Timeline({ open }: { open: Who }) {
  const parameters: Record<string, string> = { ...asParameters(scoped(question.value)), [open.kind]: open.id, limit: PAGE };
  const { asked, more } = usePages(JSON.stringify(parameters), async (cursor, signal) => {
    const { data, meta } = await get<Answered>("/api/v1/reports/timeline", { ...parameters, ...(cursor ? { cursor } : {}) }, signal);
    return { rows: data.events, cursor: data.cursor, user: data.user_id, meta };
  });
  return (
    <Card flush title={words.timeline} busy={asked.busy}>
      <Settled asked={asked} lines={10}>
        {({ rows, user, meta }) => (
          <>
            <Warnings meta={meta} />
            {open.kind !== "user_id" && user && <Linked user={user} />}
            {rows.length ? visits(rows).map((visit) => <OneVisit key={visit.key} visit={visit} cut={!visit.whole && more !== undefined} />) : <Empty title={words.emptyTitle}>{words.empty}</Empty>}
            {rows.length > 0 && (
              <p class="row pages">
                {more ? <button type="button" class="button" disabled={asked.busy} onClick={more}>{asked.busy ? words.loading : words.older}</button> : <span class="soft small">{words.end}</span>}
              </p>
            )}
          </>
        )}
      </Settled>
    </Card>
  );
}

function Linked({ user }: { user: string }) {
  return (
    <p class="note warnings">
      {words.linked} <a href={link("users", { user_id: user })}>{user}</a>
    </p>
  );
}

function OneVisit({ visit, cut }: { visit: Visit; cut: boolean }) {
  const id = `visit-${visit.events[0]?.event_id}`;
  const name = visit.session ? `${words.session} · ${shortly(visit.startedAt)}` : words.outside;
  return (
    <section class="visit" aria-labelledby={id}>
      <header>
        <h3 id={id} title={inFull(visit.startedAt)}>{name}</h3>
        <span class="soft number">
          {visit.session && `${duration(visit.seconds)} · `}
          {words.count(visit.events.length)}
          {cut && `, ${words.cut}`}
        </span>
      </header>
      <EventList events={visit.events} label={name} when={visit.session ? atClock : shortly} who={false} />
    </section>
  );
}
