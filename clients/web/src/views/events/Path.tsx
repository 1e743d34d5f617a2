/** An event's receipt as a path: each step with its time, and the delay since the one before. */
import { link } from "../../address";
import { duration } from "../../figures";
import { precisely } from "./precise";
import { texts } from "../../texts";
import type { Row } from "./fields";
import { type Receipt, type Step, steps } from "./receipt";

const words = texts.events.one;

export function Path({ receipt, row, fingerprint }: { receipt: Receipt; row: Row | undefined; fingerprint: string }) {
  const path = steps(receipt, row);
  return (
    <section class="stack" style={{ gap: "8px" }}>
      <h3>{words.path}</h3>
      <ol class="path">
        {path.map((step) => (
          <OneStep key={step.name} step={step} receipt={receipt} fingerprint={fingerprint} />
        ))}
      </ol>
      <p class="soft small">{words.again}</p>
    </section>
  );
}

function OneStep({ step, receipt, fingerprint }: { step: Step; receipt: Receipt; fingerprint: string }) {
  const [name, meaning] = words.steps[step.name] ?? [step.name, ""];
  const { shard, entry, index } = receipt.position;
  return (
    <li class={step.name}>
      <div class="row spread">
        <span>
          <strong>{name}</strong> <span class="soft">{meaning}</span>
        </span>
        {step.at !== undefined && <time class="number" dateTime={new Date(step.at).toISOString()}>{precisely(step.at)}</time>}
      </div>
      {step.name === "appended" && <div class="mono soft">{words.place(shard, entry, index)}</div>}
      {step.after !== undefined && <div class="soft small">{step.after < 0 ? words.earlier(duration(-step.after / 1000)) : words.later(duration(step.after / 1000))}</div>}
      {step.name === "rejected" && receipt.reason && <p class="note bad">{receipt.reason}</p>}
      {step.name === "rejected" && fingerprint && <a href={link("rejected", { open: fingerprint })}>{words.workbench}</a>}
    </li>
  );
}
