/** Who comes back, cohort by cohort. The question stands in the address. */
import { useState } from "preact/hooks";
import { ask, parameters } from "../../address";
import { useAnswer } from "../../answer";
import { post } from "../../api";
import { percent } from "../../figures";
import { Asked, Filters } from "../../kit/Asked";
import { Card, Empty, Settled, Skeleton } from "../../kit/Card";
import { Tabs } from "../../kit/Controls";
import { CopyLink } from "../../kit/CopyLink";
import { useEvents } from "../../kit/EventPicker";
import { Fresh } from "../../kit/Fresh";
import { asBody, question } from "../../question";
import { texts } from "../../texts";
import { asked, body, intervalOf, written, type RetentionAsked } from "./asked";
import { CohortTable } from "./CohortTable";
import { means, peopled, running, type RetentionFound } from "./cohorts";
import "./retention.css";
import { Terms } from "./Terms";

const words = texts.retention;

export default function Retention() {
  const events = useEvents();
  const usual = intervalOf(question.value);
  const given = asked(parameters.value, usual);
  const own = given.start !== undefined || given.back !== undefined;
  const most = own ? "" : (events.data?.[0]?.event ?? "");
  const retention: RetentionAsked = { ...given, start: given.start ?? most, back: given.back ?? most };
  return (
    <div class="stack">
      <div class="head">
        <h1>{texts.views.retention}</h1>
        <CopyLink view="retention" own={written(retention, usual)} />
        <Asked compare={false} />
      </div>
      <Filters />
      {!own && !events.data ? (
        <Settled asked={events}>{() => <Skeleton lines={10} />}</Settled>
      ) : (
        <>
          {!own && most && <p class="note">{words.proposed(most)}</p>}
          <Card>
            <Terms retention={retention} events={events.data ?? []} change={(changes) => ask(written({ ...retention, ...changes }, usual))} />
          </Card>
          <Found retention={retention} />
        </>
      )}
    </div>
  );
}

function Found({ retention }: { retention: RetentionAsked }) {
  const whole = { ...asBody(), ...body(retention) };
  const found = useAnswer(JSON.stringify(whole), (signal) => post<RetentionFound>("/api/v1/reports/retention", whole, signal));
  const [unit, choose] = useState("share");
  const units = <Tabs label={words.unit} tabs={Object.entries(words.units)} chosen={unit} on={choose} />;
  return (
    <Card title={words.title(retention.interval)} actions={units} flush busy={found.busy && found.data !== undefined}>
      {found.error || !found.data ? (
        <div class="inset"><Settled asked={found} lines={8}>{() => null}</Settled></div>
      ) : (
        <>
          <Shown found={found.data.data} start={retention.start} counts={unit === "count"} />
          <Fresh meta={found.data.meta} />
        </>
      )}
    </Card>
  );
}

function Shown({ found, start, counts }: { found: RetentionFound; start: string; counts: boolean }) {
  const cohorts = peopled(found.cohorts);
  if (!cohorts.length) return <Empty title={words.nobodyTitle}>{words.nobody(start)}</Empty>;
  const incomplete = running(found, Date.now());
  const [, next] = means(cohorts, incomplete);
  return (
    <>
      {next != null && <p class="inset"><strong>{words.summary(percent(next), found.interval, found.mode)}</strong></p>}
      <CohortTable found={found} cohorts={cohorts} incomplete={incomplete} counts={counts} />
    </>
  );
}
