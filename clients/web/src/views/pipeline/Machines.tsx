/** What the events pass through: workers, Redis, ClickHouse, and what an acknowledgement promises. */
import { link } from "../../address";
import { bytes, NOTHING, percent } from "../../figures";
import { Card, Empty } from "../../kit/Card";
import { Table, type Column } from "../../kit/Table";
import { ago, inFull } from "../../moments";
import { may } from "../../session";
import { texts } from "../../texts";
import type { Pipeline, Worker } from "./gauges";
import { share } from "./verdict";

const words = texts.pipeline;

export function Workers({ seen }: { seen: Pipeline }) {
  const now = Date.parse(seen.now);
  const columns: Column<Worker>[] = [
    { name: words.worker, show: (one) => <span class="mono">{one.host}:{one.pid}</span> },
    { name: words.state, show: (one) => <State worker={one} /> },
    { name: words.shards, show: (one) => <span class="mono">{one.shards.map((shard) => `s${String(shard).padStart(2, "0")}`).join(" ") || NOTHING}</span> },
    { name: words.seen, number: true, show: (one) => <span title={inFull(one.last_seen)}>{ago(one.last_seen, now)}</span> },
    { name: words.moved, number: true, show: (one) => <span title={inFull(one.moved_at)}>{ago(one.moved_at, now)}</span> },
    { name: words.started, number: true, show: (one) => <span title={inFull(one.started_at)}>{ago(one.started_at, now)}</span> },
  ];
  const workers = seen.workers ?? [];
  return (
    <Card title={words.workers} flush>
      {workers.length ? <Table label={words.workers} columns={columns} rows={workers} id={(one) => one.id} /> : <Empty title={words.noWorkers}>{words.noWorkersWhy}</Empty>}
    </Card>
  );
}

function State({ worker }: { worker: Worker }) {
  return (
    <>
      <span class={`badge ${worker.healthy ? "good" : "bad"}`}>{words.workerStates[worker.state] ?? worker.state}</span>
      {worker.problem && <div class="soft">{worker.problem}</div>}
    </>
  );
}

/** Everybody may know what an acknowledged event outlives; the rest is for operators. */
export function Stores({ seen }: { seen: Pipeline }) {
  const { redis, clickhouse } = seen;
  return (
    <Card title={words.stores}>
      <dl class="facts stores">
        {redis && (
          <>
            <dt>{words.memory}</dt>
            <dd>
              <span class="measure">
                <span class={`gauge wide${redis.used_bytes > 0.75 * redis.max_bytes && redis.max_bytes ? " high" : ""}`} style={{ "--share": share(redis.used_bytes, redis.max_bytes) }} />
                <span class="number">{redis.max_bytes ? words.memoryOf(bytes(redis.used_bytes), bytes(redis.max_bytes), percent(redis.used_bytes / redis.max_bytes)) : words.noLimit(bytes(redis.used_bytes))}</span>
              </span>
            </dd>
            <dt>{words.policy}</dt>
            <dd class="mono">{redis.policy}</dd>
          </>
        )}
        <dt>{words.durability}</dt>
        <dd>
          {words.keeps[seen.durability]}: {words.promises[seen.durability]}
          {redis?.lacks && <div class="lacks">{redis.lacks}</div>}
        </dd>
        {clickhouse && (
          <>
            <dt>{words.stops.clickhouse}</dt>
            <dd>{clickhouse.reachable ? words.answersIn(clickhouse.milliseconds) : words.away(clickhouse.problem)}</dd>
          </>
        )}
        <dt>{words.rejectedWaiting}</dt>
        <dd><Rejected many={seen.rejected_waiting} /></dd>
      </dl>
    </Card>
  );
}

/** With the way to the workbench, for whoever may go there. */
function Rejected({ many }: { many: number | null }) {
  if (many === null) return <>{words.unknownNow}</>;
  return many && may("query") ? <a href={link("rejected")}>{words.rejectedMany(many)}</a> : <>{words.rejectedMany(many)}</>;
}
