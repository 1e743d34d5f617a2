/** The live tail: events as they become queryable, newest first. It can be paused; what comes then waits and is counted. */
import { ask, parameters } from "../../address";
import { useAnswer } from "../../answer";
import { type ApiError, get } from "../../api";
import { count } from "../../figures";
import { Card, Empty } from "../../kit/Card";
import { Select } from "../../kit/Controls";
import { question } from "../../question";
import { texts } from "../../texts";
import { EventList } from "./EventList";
import { filterOf, scoped } from "./scope";
import { MOST } from "./tail";
import { type Tailing, useTail } from "./useTail";

const words = texts.events.live;

export function Live() {
  const name = parameters.value.get("name") ?? "";
  const filter = filterOf(scoped(question.value).filters);
  const tailing = useTail({ ...(name ? { event_type: name } : {}), ...filter });
  const { tail, state, why, again } = tailing;
  return (
    <>
      {state === "broken" && <Broken why={why} again={again} />}
      {state === "connecting" && why && <p class="note warn" role="status">{why.message}</p>}
      <Card flush title={<State tailing={tailing} />} actions={<Bar tailing={tailing} name={name} />}>
        {tail.shown.length ? (
          <>
            <EventList events={tail.shown} arrived lit />
            <p class="soft events-foot">{words.arrivals}. {tail.shown.length >= MOST && words.latest(MOST)}</p>
          </>
        ) : (
          state !== "broken" && <Empty title={words.emptyTitle}>{filter.filter ? words.emptyFiltered : words.empty}</Empty>
        )}
      </Card>
    </>
  );
}

/** The browser does not come back by itself: the service refused, or ended for good. */
function Broken({ why, again }: { why: ApiError | undefined; again: () => void }) {
  return (
    <div class="note bad" role="alert">
      <strong>{words.broken}</strong>
      {why?.message}
      <p style={{ marginTop: "8px" }}>
        <button type="button" class="button" onClick={again}>{words.again}</button>
      </p>
    </div>
  );
}

function State({ tailing: { state, tail } }: { tailing: Tailing }) {
  const shown = state === "open" && tail.paused ? "paused" : state;
  const kind = { open: " good", broken: " bad", connecting: "", paused: "" }[shown];
  return (
    <span class={`badge${kind}`} role="status">
      <span class={`dot${kind}`} />
      {words.states[shown]}
    </span>
  );
}

function Bar({ tailing: { tail, state, hold, go }, name }: { tailing: Tailing; name: string }) {
  return (
    <div class="row">
      <Names name={name} />
      <button type="button" class={tail.paused ? "button first" : "button"} disabled={state === "broken" && !tail.paused} onClick={tail.paused ? go : hold}>
        {tail.paused ? words.resume(tail.missed, count(tail.missed)) : words.pause}
      </button>
    </div>
  );
}

/** Names that were seen of late; the one in the address is among them in any case. */
function Names({ name }: { name: string }) {
  const seen = useAnswer("names", async (signal) => (await get<{ events: { name: string }[] }>("/api/v1/catalog", { days: "30" }, signal)).data.events.map((one) => one.name));
  const names = [...new Set([...(seen.data ?? []), ...(name ? [name] : [])])].sort();
  return <Select label={words.name} value={name} options={[["", words.all], ...names.map((one) => [one, one] as const)]} on={(next) => ask({ name: next })} />;
}
