/** A funnel broken down: one row for each value, one column for each step. */
import { count, percent } from "../../figures";
import { Card, Empty } from "../../kit/Card";
import { Table, type Column } from "../../kit/Table";
import { texts } from "../../texts";
import type { FunnelFound, Part } from "./taken";

const words = texts.funnel;

export function Parts({ found, dimension, busy }: { found: FunnelFound; dimension: string; busy: boolean }) {
  const name = texts.asked.dimensions[dimension] ?? dimension.replace(/^properties\./, "");
  const parts = found.breakdown ?? [];
  const columns: Column<Part>[] = [
    { name, clip: true, show: (part) => part.value || texts.none.unknown },
    ...found.steps.map((step, place) => ({ name: `${place + 1} ${step.event}`, number: true, show: (part: Part) => <Cell part={part} place={place} /> })),
    { name: words.throughout, number: true, show: (part) => <b>{percent(part.steps.at(-1)?.conversion)}</b> },
  ];
  return (
    <Card title={words.parts(name)} flush busy={busy}>
      {parts.length ? <Table label={words.parts(name)} columns={columns} rows={parts} id={(part) => part.value} /> : <Empty title={texts.none.title}>{texts.none.inSpan}</Empty>}
    </Card>
  );
}

function Cell({ part, place }: { part: Part; place: number }) {
  const step = part.steps[place];
  return (
    <>
      {count(step?.count)}
      {place > 0 && <span class="soft of"> {percent(step?.conversion_from_previous)}</span>}
    </>
  );
}
