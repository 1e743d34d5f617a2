/** A sample: what could be decoded of it, what stood at the field at fault, and its bytes, all of it as text. */
import { ask } from "../../address";
import { bytes } from "../../figures";
import { inFull } from "../../moments";
import { texts } from "../../texts";
import { dump } from "./bytes";
import type { Sample } from "./groups";
import { parse, valuesAt } from "./reason";

const words = texts.rejected.sample;

export function SampleShown({ sample, first }: { sample: Sample; first: boolean }) {
  const { field } = parse(sample.reason);
  return (
    <details class="sample" open={first}>
      <summary>
        <span class="mono">{sample.event_id || sample.position}</span>
        {sample.redriven_at && <span class="badge good">{words.redriven}</span>}
      </summary>
      <div class="stack inside">
        <Facts sample={sample} field={field} />
        {sample.readable == null ? <p class="note">{words.unreadable}</p> : <Text label={words.readable} text={JSON.stringify(sample.readable, null, 2)} />}
        <details>
          <summary>{words.bytes}</summary>
          <Text label={words.bytes} text={dump(sample.hex)} />
          {sample.hex.length / 2 < sample.size && <p class="soft small">{words.part(bytes(sample.hex.length / 2), bytes(sample.size))}</p>}
        </details>
      </div>
    </details>
  );
}

function Facts({ sample, field }: { sample: Sample; field: string }) {
  const event = (sample.kind === "event" ? sample.readable : null) as { properties?: unknown; occurred_at?: unknown } | null;
  const found = valuesAt(event?.properties, field).map((one) => JSON.stringify(one));
  return (
    <dl class="facts">
      {field && (
        <>
          <dt>{words.found}</dt>
          <dd>{found.length ? found.map((one) => <code key={one} class="fault">{one}</code>) : <em>{words.missing}</em>}</dd>
        </>
      )}
      {typeof event?.occurred_at === "number" && (
        <>
          <dt>{words.occurred}</dt>
          <dd>{told(event.occurred_at)}</dd>
        </>
      )}
      <dt>{words.appended}</dt>
      <dd>{inFull(sample.appended_at)}</dd>
      {sample.redriven_at && (
        <>
          <dt>{words.redriven}</dt>
          <dd>{inFull(sample.redriven_at)}</dd>
        </>
      )}
      <dt>{words.position}</dt>
      <dd class="mono">{sample.position}</dd>
      <dt>{words.size}</dt>
      <dd>{bytes(sample.size)}</dd>
      {sample.event_id && (
        <>
          <dt>{words.path}</dt>
          <dd><button type="button" class="plain" aria-label={`${words.open}: ${sample.event_id}`} onClick={() => ask({ open: "", event: sample.event_id })}>{words.open}</button></dd>
        </>
      )}
    </dl>
  );
}

/** A time that no calendar holds may be why the event was rejected: it is then told as the number it is. */
function told(ms: number): string {
  return Math.abs(ms) <= 8.64e15 ? inFull(ms) : String(ms);
}

function Text({ label, text }: { label: string; text: string }) {
  return (
    <div class="code">
      <pre tabIndex={0} role="region" aria-label={label}>{text}</pre>
    </div>
  );
}
