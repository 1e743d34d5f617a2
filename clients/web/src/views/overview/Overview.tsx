/** What happened, at a glance: figures, their course, and the usual lists. A click on a value filters all of it. */
import { useState } from "preact/hooks";
import { get } from "../../api";
import { useAnswer } from "../../answer";
import { Asked, Filters } from "../../kit/Asked";
import { asParameters } from "../../question";
import { texts } from "../../texts";
import { Course } from "./Course";
import { FirstEvent } from "./FirstEvent";
import { Figures } from "./Figures";
import { Lists } from "./Lists";

/** Whether there was anything at all, asked where the span shows nothing. */
const EVER = { metric: "event_count", period: "all", bots: "include" };

/** The figures and their course come first: the lists would have the engine count everything at once. */
export default function Overview() {
  const [metric, setMetric] = useState("visitors");
  const [count, setCount] = useState<number>();
  const [settled, settle] = useState(false);
  const counted = (events?: number) => {
    setCount(events);
    settle(true);
  };
  const nothing = count === 0;
  const stored = useAnswer(String(nothing), async (signal) => !nothing || (await get<{ value: number }>("/api/v1/stats", EVER, signal)).data.value > 0);
  if (stored.data === false) return <FirstEvent arrived={() => setCount(undefined)} />;
  return (
    <div class="stack">
      <div class="head">
        <h1>{texts.views.overview}</h1>
        <Now />
        <Asked />
      </div>
      <Filters />
      <section class="card">
        <Figures chosen={metric} choose={setMetric} counted={counted} />
        <Course metric={metric} />
      </section>
      {settled && <Lists />}
    </div>
  );
}

/** Who is there at this moment; asked again every ten seconds. */
function Now() {
  const { site_id, filter } = asParameters();
  const asked = { ...(site_id ? { site_id } : {}), ...(filter ? { filter } : {}) };
  const now = useAnswer(
    JSON.stringify(asked),
    async (signal) => (await get<{ active_visitors: number }>("/api/v1/reports/realtime", asked, signal)).data.active_visitors,
    10_000,
  );
  if (now.data === undefined) return null;
  return (
    <span class="badge">
      <span class={now.data ? "dot good" : "dot"} />
      {texts.overview.now(now.data)}
    </span>
  );
}
