/** The one sentence at the top, and each thing that is wrong with what to do about it. */
import { duration } from "../../figures";
import { ago, atClock, inFull } from "../../moments";
import { texts } from "../../texts";
import type { Alarm, Pipeline } from "./gauges";
import { level, waiting } from "./verdict";

const words = texts.pipeline;

export function Verdict({ seen }: { seen: Pipeline }) {
  const how = level(seen.alarms);
  const many = waiting(seen);
  return (
    <p class={`verdict ${how}`}>
      <span class={`dot ${how}`} />
      <span>
        <strong role="status">{how === "good" ? words.well : words.unwell[how](seen.alarms.length)}</strong>{" "}
        {many ? words.underWay(many, duration(seen.lag_seconds)) : words.nothingWaits(atClock(seen.fresh_through))}
      </span>
    </p>
  );
}

export function Alarms({ alarms }: { alarms: Alarm[] }) {
  if (!alarms.length) return null;
  return (
    <ul class="alarms" aria-label={words.alarms}>
      {alarms.map((alarm) => (
        <li key={`${alarm.name} ${alarm.message}`} class={`note ${alarm.state === "fail" ? "bad" : "warn"}`}>
          <span class="row">
            <span class={`badge ${alarm.state === "fail" ? "bad" : ""}`}>{words.states[alarm.state]}</span>
            <span class="soft" title={inFull(alarm.since)}>{words.since(ago(alarm.since))}</span>
          </span>
          <strong>{alarm.message}</strong>
          {alarm.remedy}
        </li>
      ))}
    </ul>
  );
}
