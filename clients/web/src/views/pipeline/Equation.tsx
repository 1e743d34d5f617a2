/** A sum written out: a whole, and the parts it must be the sum of. */
import { Fragment, type ComponentChildren } from "preact";
import { count } from "../../figures";
import { Card } from "../../kit/Card";
import { session } from "../../session";
import { texts } from "../../texts";
import type { Alarm, Pipeline } from "./gauges";
import { waiting } from "./verdict";

const words = texts.pipeline;

export function Equation({ name, amount, children }: { name: string; amount: number; children: ComponentChildren }) {
  return (
    <p class="equation">
      <Term name={name} amount={amount} />
      <span class="sign">=</span>
      {children}
    </p>
  );
}

export function Terms({ terms }: { terms: [string, number][] }) {
  return (
    <>
      {terms.map(([name, amount], place) => (
        <Fragment key={name}>
          {place > 0 && <span class="sign">+</span>}
          <Term name={name} amount={amount} />
        </Fragment>
      ))}
    </>
  );
}

function Term({ name, amount }: { name: string; amount: number }) {
  return (
    <span class="term">
      <b>{count(amount)}</b> <span>{name}</span>
    </span>
  );
}

/** Of all projects together there are the shards' counters: since the installation, all that was not lost. */
export function Everybodys({ seen }: { seen: Pipeline }) {
  const { totals } = seen.rates;
  const wrong = seen.alarms.some((alarm: Alarm) => alarm.name === "ledger");
  const rest = totals.accepted - totals.stored - totals.rejected - waiting(seen);
  return (
    <Card title={words.ledger} actions={<span class={`badge ${wrong ? "bad" : "good"}`}>{wrong ? words.unbalanced : words.balanced}</span>}>
      <div class="stack">
        <p>{words.everybodys}</p>
        <div class="equations">
          <Equation name={words.outcomes.accepted} amount={totals.accepted}>
            <Terms terms={[[words.ends.stored, totals.stored], [words.ends.rejected, totals.rejected], [words.ends.in_flight, waiting(seen)], ...(rest ? [[words.otherEnds, rest] as [string, number]] : [])]} />
          </Equation>
        </div>
        <p class="soft">{session.value?.project ? words.chooseOne : words.openOne}</p>
      </div>
    </Card>
  );
}
