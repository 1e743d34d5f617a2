/** Putting the events of a cause back: who may, asked once more, progress and outcome told. */
import { useRef, useState } from "preact/hooks";
import { ApiError } from "../../api";
import { count } from "../../figures";
import { Problem } from "../../kit/Card";
import { Code, Dialog } from "../../kit/Controls";
import { may } from "../../session";
import { texts } from "../../texts";
import { AdminKey } from "./AdminKey";
import { type Group, waiting } from "./groups";
import { redrivable } from "./reason";
import { type Progress, redrive } from "./redrive";

const words = texts.rejected.redrive;

type State = { is: "idle" | "asking" } | { is: "running" | "done" | "stopped"; progress: Progress } | { is: "failed"; error: ApiError };
const NONE: Progress = { events: 0, already: 0, left: 0 };

/** `listed`: the group is in the list still, so that something of it waits. */
export function Redrive({ group, listed, changed }: { group: Group; listed: boolean; changed: () => void }) {
  const [state, set] = useState<State>({ is: "idle" });
  const stopped = useRef(false);
  const run = async () => {
    stopped.current = false;
    set({ is: "running", progress: NONE });
    try {
      const order = { fingerprint: group.fingerprint, project: group.project };
      const progress = await redrive(order, (so) => set({ is: "running", progress: so }), () => stopped.current);
      set({ is: progress.left && stopped.current ? "stopped" : "done", progress });
    } catch (why) {
      set({ is: "failed", error: why instanceof ApiError ? why : new ApiError(0, String(why)) });
    }
    changed();
  };
  if (!redrivable(group.kind, group.reason)) return <p class="note">{words.cannot}</p>;
  if (!may("admin")) return <NeedsKey fingerprint={group.fingerprint} />;
  const open = listed && waiting(group) > 0 && state.is !== "running";
  return (
    <div class="stack" aria-live="polite">
      <Outcome state={state} />
      {state.is === "running" && <div class="row"><button type="button" class="button" onClick={() => { stopped.current = true; }}>{words.stop}</button></div>}
      {state.is === "idle" && !open && <p class="note">{words.all}</p>}
      {open && <div class="row"><button type="button" class="button first" onClick={() => set({ is: "asking" })}>{words.start(count(group.events))}</button></div>}
      {state.is === "asking" && <Sure group={group} go={() => void run()} close={() => set((now) => (now.is === "asking" ? { is: "idle" } : now))} />}
    </div>
  );
}

function Sure({ group, go, close }: { group: Group; go: () => void; close: () => void }) {
  return (
    <Dialog title={words.title} close={close}>
      <p>{words.ask(count(group.events), group.project)}</p>
      <p class="soft">{words.keeps}</p>
      <p class="note warn">{words.again}</p>
      <div class="row">
        <button type="button" class="button first" onClick={go}>{words.go}</button>
        <button type="button" class="button" onClick={close}>{words.cancel}</button>
      </div>
    </Dialog>
  );
}

function Outcome({ state }: { state: State }) {
  if (state.is === "failed") return <Problem error={state.error} />;
  if (!("progress" in state)) return null;
  const { events, already, left } = state.progress;
  if (state.is === "running") return <p class="note" role="status">{words.busy(count(events), count(left))}</p>;
  if (state.is === "stopped") return <p class="note warn">{words.stopped(count(events), count(left))}</p>;
  return (
    <p class="note done">
      {events || already ? words.done(count(events)) : words.nothing} {already > 0 && words.already(count(already))}
    </p>
  );
}

function NeedsKey({ fingerprint }: { fingerprint: string }) {
  return (
    <div class="note stack">
      <p>{words.needs}</p>
      <AdminKey />
      <p>{words.command}</p>
      <Code label={words.command} text={`headrace rejected redrive ${fingerprint}`} />
    </div>
  );
}
