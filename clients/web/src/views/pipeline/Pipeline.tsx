/** How the pipeline is: whether all is well, what moves on each part of the path, and whether the books balance. */
import { useRef } from "preact/hooks";
import { ask, parameters } from "../../address";
import { useAnswer } from "../../answer";
import { Problem, Skeleton } from "../../kit/Card";
import { Select } from "../../kit/Controls";
import { atClock } from "../../moments";
import { may, session } from "../../session";
import { texts } from "../../texts";
import { Alarms, Verdict } from "./Alarms";
import { Books } from "./Books";
import { Everybodys } from "./Equation";
import { Flow } from "./Flow";
import { ALL, counted, look, type Pipeline as Seen } from "./gauges";
import { Stores, Workers } from "./Machines";
import { Rates } from "./Rates";
import { remembered } from "./pace";
import { Shards } from "./Shards";
import "./pipeline.css";

const words = texts.pipeline;
const AGAIN_MS = 2_000;

export default function Pipeline() {
  const project = counted(parameters.value.get("whose") ?? "");
  const asked = useAnswer(`${project} ${may("admin")}`, (signal) => look(project, signal), AGAIN_MS);
  const seen = asked.data;
  return (
    <div class="stack pipeline">
      <div class="head">
        <h1>{texts.views.pipeline}</h1>
        {seen && <span class="soft number">{words.asOf(atClock(seen.now))}</span>}
        <Whose />
      </div>
      {asked.error && <Problem error={asked.error} again={asked.again} />}
      {seen ? <Shown seen={seen} project={project} stale={asked.error !== undefined} /> : !asked.error && <Skeleton lines={12} />}
    </div>
  );
}

/** What was seen last stays when the service can no longer say how it is, but it tells nobody any more that all is well. */
function Shown({ seen, project, stale }: { seen: Seen; project: string; stale: boolean }) {
  const history = useHistory(seen);
  return (
    <div class={stale ? "stack stale" : "stack"}>
      {!stale && <Verdict seen={seen} />}
      {!stale && <Alarms alarms={seen.alarms} />}
      <Flow seen={seen} history={history} />
      <Rates seen={seen} history={history} />
      <div class="halves">
        <Shards seen={seen} />
        <Stores seen={seen} />
      </div>
      {seen.workers && <Workers seen={seen} />}
      {project && may("query") ? <Books key={project} /> : seen.project === null && <Everybodys seen={seen} />}
    </div>
  );
}

/** The answers of the last seconds: rates are what they differ by. */
function useHistory(seen: Seen): readonly Seen[] {
  const kept = useRef<Seen[]>([]);
  if (kept.current.at(-1) !== seen) kept.current = remembered(kept.current, seen);
  return kept.current;
}

/** An operator with a project open sees its events, or everybody's. */
function Whose() {
  const project = session.value?.project?.id;
  if (!project || !may("admin")) return null;
  return (
    <Select
      label={words.whose}
      value={parameters.value.get("whose") ?? ""}
      options={[["", words.ofProject(project)], [ALL, words.ofAll]]}
      on={(whose) => ask({ whose, minute: "" })}
    />
  );
}
