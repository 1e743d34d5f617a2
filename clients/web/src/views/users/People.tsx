/** Who was there in the span, those with most events first; narrowed by a part of the id. */
import { useState } from "preact/hooks";
import { ask, parameters } from "../../address";
import { raw, type Meta } from "../../api";
import { compact, count } from "../../figures";
import { Asked, Filters } from "../../kit/Asked";
import { Card, Empty, Settled } from "../../kit/Card";
import { Select, Tabs } from "../../kit/Controls";
import { Table } from "../../kit/Table";
import { asQuestion, question } from "../../question";
import { texts } from "../../texts";
import { Warnings } from "../events/Warnings";
import { usePages } from "./pages";
import { listed } from "./who";

type Listed = "user_id" | "visitor";

interface Row {
  dimensions: [string];
  metrics: [number, number, number];
}

const words = texts.users;
const METRICS = ["event_count", "page_views", "sessions"];
const PAGE = 50;
/** Pages are turned by a button: that there are more needs no warning. */
const MORE = /There are more rows/;

export function People() {
  const given = parameters.value;
  const kind: Listed = given.get("kind") === "visitor" ? "visitor" : "user_id";
  return (
    <>
      <div class="head">
        <h1>{texts.views.users}</h1>
        <Asked compare={false} />
      </div>
      <div class="row spread">
        <Tabs label={words.kindsLabel} tabs={Object.entries(words.kinds)} chosen={kind} on={(next) => ask({ kind: next === "user_id" ? "" : next })} />
        <Search key={given.get("q")} part={given.get("q") ?? ""} />
      </div>
      <Filters />
      <List kind={kind} part={given.get("q") ?? ""} order={METRICS.find((one) => one === given.get("order")) ?? "event_count"} />
    </>
  );
}

function Search({ part }: { part: string }) {
  const [text, set] = useState(part);
  const find = (event: Event) => {
    event.preventDefault();
    ask({ q: text.trim() });
  };
  return (
    <form class="find" role="search" onSubmit={find}>
      <input type="search" aria-label={words.search} placeholder={words.search} autoComplete="off" spellcheck={false} value={text} onInput={(event) => set(event.currentTarget.value)} />
      <button class="button">{words.submit}</button>
    </form>
  );
}

function List({ kind, part, order }: { kind: Listed; part: string; order: string }) {
  const asks = { kind, part, order, question: question.value };
  const { asked, more } = usePages(JSON.stringify(asks), async (cursor, signal) => {
    const own = asQuestion();
    const body = {
      ...own, filters: [...question.value.filters, ...listed(kind, part)], metrics: METRICS, dimensions: [kind], order_by: [[order, "desc"]],
      include: { total_rows: true }, pagination: { limit: PAGE, ...(cursor ? { cursor } : {}) },
    };
    const { results, meta } = await raw<{ results: Row[]; meta: Meta & { cursor?: string; total_rows?: number } }>("/api/v2/query", body, signal);
    return { rows: results, cursor: meta.cursor ?? "", meta };
  });
  const actions = <Select label={words.order} value={order} options={Object.entries(words.orders)} on={(next) => ask({ order: next === "event_count" ? "" : next })} />;
  return (
    <Card flush title={words.kinds[kind]} actions={actions} busy={asked.busy}>
      <Settled asked={asked} lines={10}>
        {({ rows, meta }) => (
          <>
            <Warnings meta={meta} less={MORE} />
            {rows.length ? <PeopleTable kind={kind} rows={rows} /> : <Nobody kind={kind} part={part} />}
            {rows.length > 0 && (
              <p class="row spread pages">
                <span class="soft small">{words.of(count(rows.length), count(meta.total_rows ?? rows.length))}</span>
                {more && <button type="button" class="button" disabled={asked.busy} onClick={more}>{words.more}</button>}
              </p>
            )}
          </>
        )}
      </Settled>
    </Card>
  );
}

function PeopleTable({ kind, rows }: { kind: Listed; rows: Row[] }) {
  const figure = (place: 0 | 1 | 2) => (row: Row) => <span title={count(row.metrics[place])}>{compact(row.metrics[place])}</span>;
  return (
    <Table
      label={words.list} rows={rows} id={(row) => row.dimensions[0]} open={(row) => ask({ [kind]: row.dimensions[0] })}
      columns={[
        { name: kind === "user_id" ? words.user : words.visitor, show: (row) => <strong class="event-name">{row.dimensions[0]}</strong>, clip: true },
        { name: words.events, show: figure(0), number: true },
        { name: words.pageViews, show: figure(1), number: true },
        { name: words.sessions, show: figure(2), number: true },
      ]}
    />
  );
}

function Nobody({ kind, part }: { kind: Listed; part: string }) {
  return <Empty title={words.emptyTitle}>{part ? words.emptyFound(part) : kind === "user_id" ? words.emptyKnown : words.emptyVisitors}</Empty>;
}
