/** The steps as bars: who came so far, and, hatched, who did not. A press on what was lost tells it in words. */
import { useState } from "preact/hooks";
import { count, duration, percent } from "../../figures";
import { told } from "../../kit/Asked";
import { Empty } from "../../kit/Card";
import { texts } from "../../texts";
import type { FunnelAsked } from "./asked";
import { largestDrop, widths, type StepTaken } from "./taken";

const words = texts.funnel;

export function Result({ steps, asked, by }: { steps: StepTaken[]; asked: FunnelAsked; by: string }) {
  const [opened, open] = useState<number>();
  const [first, last] = [steps[0], steps.at(-1)];
  if (!first?.count || !last) return <Empty title={words.nobodyTitle}>{words.nobody(first?.event ?? "")}</Empty>;
  const worst = largestDrop(steps);
  const named = asked.steps.filter((step) => step.event);
  return (
    <>
      <p class="summary">
        <strong>{words.summary(count(first.count), words.whose(by, first.count), count(last.count), percent(last.conversion))}</strong>{" "}
        {worst !== undefined && <Worst steps={steps} place={worst} by={by} />}
      </p>
      <ol class="taken">
        {steps.map((step, place) => (
          <li key={place}>
            <div class="line">
              <span class="place" aria-hidden="true">{place + 1}</span>
              <span class="name">
                {step.event}
                {named[place]?.filters.map((filter) => <small key={JSON.stringify(filter)} class="soft">{told(filter)}</small>)}
              </span>
              {place === worst && <span class="badge bad">{words.largest}</span>}
              <span class="count">{count(step.count)}</span>
              <span class="conversion">{percent(step.conversion)}</span>
            </div>
            <Track steps={steps} place={place} press={() => open(opened === place ? undefined : place)} />
            {place > 0 && <Between step={step} place={place} open={opened === place} press={() => open(opened === place ? undefined : place)} />}
            {opened === place && <p class="note" role="status">{inWords(steps, place, asked, by)}</p>}
          </li>
        ))}
      </ol>
    </>
  );
}

function Worst({ steps, place, by }: { steps: StepTaken[]; place: number; by: string }) {
  const [before, step] = [steps[place - 1], steps[place]];
  if (!before || !step) return null;
  return <span>{words.worst(step.event, count(step.dropped), count(before.count), words.whose(by, before.count), percent(step.dropped / before.count))}</span>;
}

/** The pointer's way to the words; the button below is everybody's. */
function Track({ steps, place, press }: { steps: StepTaken[]; place: number; press: () => void }) {
  const { kept, dropped } = widths(steps, place);
  return (
    <div class="track" aria-hidden="true">
      <div class="kept" style={{ "--share": kept }} />
      {dropped > 0 && <div class="dropped" style={{ "--share": dropped }} onClick={press} />}
    </div>
  );
}

function Between({ step, place, open, press }: { step: StepTaken; place: number; open: boolean; press: () => void }) {
  return (
    <div class="between soft">
      <span>{words.fromPrevious(percent(step.conversion_from_previous), place)}</span>
      {step.median_seconds !== null && <span>{words.median(duration(step.median_seconds))}</span>}
      {step.dropped > 0 && (
        <button type="button" aria-expanded={open} onClick={press}>
          {words.dropped(count(step.dropped))}
        </button>
      )}
    </div>
  );
}

function inWords(steps: StepTaken[], place: number, asked: FunnelAsked, by: string): string {
  const [before, step] = [steps[place - 1], steps[place]];
  if (!before || !step) return "";
  const lost = words.lost(count(step.dropped), count(before.count), words.whose(by, before.count), step.event, words.windowOf(asked.window), percent(step.dropped / (before.count || 1)));
  if (step.median_seconds === null) return lost;
  return `${lost} ${words.went(count(step.count), duration(step.median_seconds), duration(step.mean_seconds))}`;
}
