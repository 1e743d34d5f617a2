/** One cause: what it means, its samples, and how its events are put back. */
import { useRef } from "preact/hooks";
import { ask } from "../../address";
import { useAnswer } from "../../answer";
import { get } from "../../api";
import { count } from "../../figures";
import { Settled } from "../../kit/Card";
import { Dialog } from "../../kit/Controls";
import { inFull } from "../../moments";
import { texts } from "../../texts";
import type { Group, Sample } from "./groups";
import { parse } from "./reason";
import { Redrive } from "./Redrive";
import { SampleShown } from "./SampleShown";

const words = texts.rejected;

interface CauseProps {
  fingerprint: string;
  /** Undefined where the list does not hold it: it was put back meanwhile, or belongs to another project. */
  group: Group | undefined;
  changed: () => void;
}

export function Cause({ fingerprint, group, changed }: CauseProps) {
  const asked = useAnswer(fingerprint, async (signal) => (await get<{ samples: Sample[] }>(`/api/v1/rejected/${encodeURIComponent(fingerprint)}`, { limit: "5" }, signal)).data.samples);
  // Once all is put back the list lets go of it, and the outcome is still to be told.
  const kept = useRef(group);
  kept.current = group ?? kept.current;
  const last = kept.current;
  const reason = group?.reason ?? asked.data?.[0]?.reason ?? "";
  const name = group?.name ?? asked.data?.[0]?.name ?? "";
  return (
    <Dialog side title={name || words.noName} close={() => ask({ open: "" }, true)}>
      {reason && <About reason={reason} fingerprint={fingerprint} group={last} />}
      {last && <Redrive group={last} listed={group !== undefined} changed={() => { asked.again(); changed(); }} />}
      <section class="stack">
        <h3>{words.samples}</h3>
        <Settled asked={asked} lines={8}>
          {(samples) => (
            <>
              {samples.map((sample, place) => (
                <SampleShown key={sample.position} sample={sample} first={place === 0} />
              ))}
            </>
          )}
        </Settled>
      </section>
    </Dialog>
  );
}

function About({ reason, fingerprint, group }: { reason: string; fingerprint: string; group: Group | undefined }) {
  const { kind, field } = parse(reason);
  const [title, meaning] = words.kinds[kind] ?? ["", ""];
  return (
    <>
      <div class="note bad">
        <strong>{title}</strong>
        {meaning}
      </div>
      <dl class="facts">
        {field && (
          <>
            <dt>{words.field}</dt>
            <dd><code>{field}</code></dd>
          </>
        )}
        <dt>{words.reason}</dt>
        <dd>{reason}</dd>
        {group && (
          <>
            <dt>{words.events}</dt>
            <dd>{words.counted(count(group.events), count(group.rows))}</dd>
            <dt>{words.first}</dt>
            <dd>{inFull(group.first_seen)}</dd>
            <dt>{words.last}</dt>
            <dd>{inFull(group.last_seen)}</dd>
          </>
        )}
        <dt>{words.fingerprint}</dt>
        <dd><code>{fingerprint}</code></dd>
      </dl>
    </>
  );
}
