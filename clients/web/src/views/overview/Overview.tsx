/** What happened, at a glance: figures, their course, and the usual lists. A click on a value filters all of it. */
import { useState } from "preact/hooks";
import { get } from "../../api";
import { useAnswer } from "../../answer";
import { Asked, Filters } from "../../kit/Asked";
import { Skeleton } from "../../kit/Card";
import { asParameters } from "../../question";
import { may } from "../../session";
import { texts } from "../../texts";
import { Course } from "./Course";
import { FirstEvent } from "./FirstEvent";
import { Figures } from "./Figures";
import { Lists } from "./Lists";

interface Page {
  events: unknown[];
}

export default function Overview() {
  const [metric, setMetric] = useState("visitors");
  const stored = useAnswer("first", async (signal) => !may("query") || (await get<Page>("/api/v1/events", { limit: "1" }, signal)).data.events.length > 0);
  if (stored.data === false) return <FirstEvent arrived={stored.again} />;
  return (
    <div class="stack">
      <div class="head">
        <h1>{texts.views.overview}</h1>
        <Now />
        <Asked />
      </div>
      <Filters />
      {stored.data === undefined && !stored.error ? (
        <Skeleton lines={10} />
      ) : (
        <>
          <section class="card">
            <Figures chosen={metric} choose={setMetric} />
            <Course metric={metric} />
          </section>
          <Lists />
        </>
      )}
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
