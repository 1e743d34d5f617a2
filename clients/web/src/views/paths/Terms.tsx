/** The terms of paths: where they begin, which way they go, of what, how far. */
import { useEffect, useState } from "preact/hooks";
import { Select } from "../../kit/Controls";
import { EventPicker, type EventSeen } from "../../kit/EventPicker";
import { PagePicker } from "../../kit/PagePicker";
import { texts } from "../../texts";
import "../../kit/terms.css";
import { DIRECTIONS, OF, STEPS, TOPS, type PathsAsked } from "./asked";

interface TermsProps {
  paths: PathsAsked;
  events: EventSeen[];
  change: (changes: Partial<PathsAsked>) => void;
}

const words = texts.paths;

export function Terms({ paths, events, change }: TermsProps) {
  const tops: number[] = (TOPS as readonly number[]).includes(paths.top) ? [...TOPS] : [...TOPS, paths.top].sort((one, other) => one - other);
  return (
    <div class="terms-row">
      <Anchor paths={paths} events={events} change={change} />
      <Select shown label={words.direction} value={paths.direction} options={DIRECTIONS.map((one) => [one, words.directions[one]])} on={(direction) => change({ direction })} />
      <Select shown label={words.of} value={paths.of} options={OF.map((one) => [one, words.ofs[one]])} on={(of) => change({ of })} />
      <Select shown label={words.steps} value={String(paths.steps)} options={STEPS.map((one) => [String(one), String(one)])} on={(steps) => change({ steps: Number(steps) })} />
      <Select shown label={words.top} value={String(paths.top)} options={tops.map((one) => [String(one), String(one)])} on={(top) => change({ top: Number(top) })} />
    </div>
  );
}

/** Of which kind the anchor is, and which one. A kind without a name is asked for once it has one. */
function Anchor({ paths, events, change }: TermsProps) {
  const kept = paths.page ? "page" : paths.event ? "event" : "visit";
  const [kind, choose] = useState(kept);
  useEffect(() => choose(kept), [kept, paths.page, paths.event]);
  const turn = (next: string) => {
    choose(next);
    if (next === "visit") change({ page: "", event: "" });
  };
  const kinds = [["visit", words.edges[paths.direction as keyof typeof words.edges]], ["page", words.page], ["event", words.event]] as [string, string][];
  return (
    <>
      <Select shown label={words.anchor} value={kind} options={kinds} on={turn} />
      {kind === "page" && <PagePicker shown label={words.page} value={paths.page} focus={kept !== kind} on={(page) => change({ page, event: "" })} />}
      {kind === "event" && <EventPicker shown label={words.event} value={paths.event} events={events} focus={kept !== kind} on={(event) => change({ page: "", event })} />}
    </>
  );
}
