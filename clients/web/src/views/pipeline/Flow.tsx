/** The path of an event, with what moves on it now: a row on a wide screen, a column on a phone. */
import type { ComponentChildren } from "preact";
import { compact, duration, percent } from "../../figures";
import { atClock } from "../../moments";
import { texts } from "../../texts";
import type { Pipeline } from "./gauges";
import { asRate, perSecond } from "./pace";
import { levelAt, share, waiting, type Stop } from "./verdict";

const words = texts.pipeline;

export function Flow({ seen, history }: { seen: Pipeline; history: readonly Pipeline[] }) {
  const rate = (outcome: Parameters<typeof perSecond>[1]) => perSecond(history, outcome) ?? 0;
  const [accepted, stored, refused, duplicate] = [rate("accepted"), rate("stored"), rate("refused"), rate("duplicate")];
  const held = seen.shards.filter((shard) => shard.held).length;
  const stop = { alarms: seen.alarms };
  return (
    <ol class="flow" aria-label={words.path}>
      <Station {...stop} at="producers" value={asRate(accepted + duplicate + refused)} unit={words.sentRate} moving={accepted + duplicate + refused > 0}>
        {words.duplicates(asRate(duplicate))}
      </Station>
      <Station {...stop} at="door" value={asRate(accepted)} unit={words.acceptedRate} moving={accepted > 0}>
        {words.refusedRate(asRate(refused))}
      </Station>
      <Station {...stop} at="redis" value={compact(waiting(seen))} unit={words.wait} moving={stored > 0}>
        <Columns seen={seen} />
        {seen.redis?.max_bytes ? words.memoryShare(percent(seen.redis.used_bytes / seen.redis.max_bytes)) : words.keeps[seen.durability]}
      </Station>
      <Station {...stop} at="workers" value={seen.workers ? String(seen.workers.length) : `${held}/${seen.shards.length}`} unit={seen.workers ? words.alive : words.shardsHeld} moving={stored > 0}>
        {seen.workers ? words.held(held, seen.shards.length) : words.lagNow(duration(seen.lag_seconds))}
      </Station>
      <Station {...stop} at="clickhouse" value={asRate(stored)} unit={words.storedRate}>
        {words.freshAt(atClock(seen.fresh_through))}
      </Station>
    </ol>
  );
}

interface StationProps {
  at: Stop;
  alarms: Pipeline["alarms"];
  value: string;
  unit: string;
  /** Whether something leaves it now. Left out: it is the end. */
  moving?: boolean;
  children: ComponentChildren;
}

function Station({ at, alarms, value, unit, moving, children }: StationProps) {
  const level = levelAt(at, alarms);
  return (
    <li class={`station ${level}`}>
      <div class="box">
        <h2>
          <span class={`dot ${level}`} />
          {words.stops[at]}
          {level !== "good" && <span class="sr">: {words.levels[level]}</span>}
        </h2>
        <p class="value">
          {value} <span>{unit}</span>
        </p>
        <div class="more">{children}</div>
      </div>
      {moving !== undefined && <span class={moving ? "pipe moving" : "pipe"} aria-hidden="true" />}
    </li>
  );
}

/** A column for each shard: how much waits there. The table below has the numbers. */
function Columns({ seen }: { seen: Pipeline }) {
  const most = Math.max(...seen.shards.map((shard) => shard.waiting), 1);
  return (
    <span class="columns" aria-hidden="true">
      {seen.shards.slice(0, 24).map((shard) => (
        <i key={shard.shard} class={shard.held ? undefined : "free"} style={{ "--share": share(shard.waiting, most) }} />
      ))}
    </span>
  );
}
