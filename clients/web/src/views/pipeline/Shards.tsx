/** A row for each shard: what waits in it, how long the oldest has waited, and who drains it. */
import { count, duration } from "../../figures";
import { Card } from "../../kit/Card";
import { Table, type Column } from "../../kit/Table";
import { texts } from "../../texts";
import type { Pipeline, Shard } from "./gauges";
import { share } from "./verdict";

const words = texts.pipeline;

export function Shards({ seen }: { seen: Pipeline }) {
  const most = Math.max(...seen.shards.map((shard) => shard.waiting), 1);
  const halted = new Map(seen.halted?.map((one) => [one.shard, one.reason]));
  const columns: Column<Shard>[] = [
    { name: words.shard, show: (one) => <span class="mono">s{String(one.shard).padStart(2, "0")}</span> },
    {
      name: words.waitingEvents,
      show: (one) => (
        <span class="measure">
          <span class="gauge" style={{ "--share": share(one.waiting, most) }} />
          <span class="number">{count(one.waiting)}</span>
        </span>
      ),
    },
    { name: words.lag, number: true, show: (one) => duration(one.lag_seconds) },
    { name: words.heldBy, show: (one) => <Holder shard={one} halted={halted.get(one.shard)} /> },
  ];
  return (
    <Card title={words.shards} flush>
      <Table label={words.shards} columns={columns} rows={seen.shards} id={(one) => String(one.shard)} />
    </Card>
  );
}

function Holder({ shard, halted }: { shard: Shard; halted: string | undefined }) {
  if (halted !== undefined) return <span class="badge bad" title={halted}>{words.halted}</span>;
  if (!shard.held) return <span class="badge bad">{words.nobody}</span>;
  return shard.owner ? <span class="mono">{shard.owner}</span> : <>{words.aWorker}</>;
}
