/** How many take some steps one after the other: the steps and terms beside what came of them. All of it stands in the address. */
import { ask, parameters } from "../../address";
import { useAnswer } from "../../answer";
import { post, type Answer } from "../../api";
import { Asked, Filters } from "../../kit/Asked";
import { Card, Empty, Settled, Skeleton } from "../../kit/Card";
import { CopyLink } from "../../kit/CopyLink";
import { useEvents, type EventSeen } from "../../kit/EventPicker";
import { Fresh } from "../../kit/Fresh";
import { asBody, question } from "../../question";
import { texts } from "../../texts";
import { asked, body, proposed, written, type FunnelAsked } from "./asked";
import "./funnel.css";
import { Parts } from "./Parts";
import { Result } from "./Result";
import { Steps } from "./Steps";
import type { FunnelFound } from "./taken";
import { Terms } from "./Terms";

const words = texts.funnel;

export default function Funnel() {
  const events = useEvents();
  const given = asked(parameters.value);
  const own = given.steps.length > 0;
  const funnel = own || !events.data ? given : { ...given, steps: proposed(events.data) };
  return (
    <div class="stack">
      <div class="head">
        <h1>{texts.views.funnel}</h1>
        <CopyLink view="funnel" own={written(funnel)} />
        <Asked compare={false} />
      </div>
      <Filters />
      {!own && !events.data ? (
        <Settled asked={events}>{() => <Skeleton lines={10} />}</Settled>
      ) : funnel.steps.length ? (
        <>
          {!own && <p class="note">{words.proposed(funnel.steps.map((step) => step.event))}</p>}
          <Editor funnel={funnel} events={events.data ?? []} />
        </>
      ) : (
        <Empty title={words.noneTitle}>{words.none}</Empty>
      )}
    </div>
  );
}

function Editor({ funnel, events }: { funnel: FunnelAsked; events: EventSeen[] }) {
  const change = (changes: Partial<FunnelAsked>) => ask(written({ ...funnel, ...changes }));
  return (
    <div class="funnel">
      <Card title={words.steps}>
        <Steps steps={funnel.steps} events={events} change={(steps) => change({ steps })} />
        <Terms funnel={funnel} change={change} />
      </Card>
      <Found funnel={funnel} />
    </div>
  );
}

/** What came of it: the bars, and below them the parts of a breakdown. */
function Found({ funnel }: { funnel: FunnelAsked }) {
  const wanted = body(funnel);
  const whole = { ...asBody(), ...wanted };
  // The answer carries its question: while a new one is asked the old bars keep their own conditions.
  const found = useAnswer<(Answer<FunnelFound> & { of: FunnelAsked }) | undefined>(JSON.stringify(wanted && whole) ?? "", async (signal) =>
    wanted && { ...(await post<FunnelFound>("/api/v1/reports/funnel", whole, signal)), of: funnel },
  );
  const span = question.value.from ? "" : (texts.asked.periods[question.value.period] ?? "");
  if (!wanted) return <Card><Empty title={words.fewTitle}>{words.few}</Empty></Card>;
  return (
    <div class="stack">
      <Card title={words.result} actions={<span class="soft">{span}</span>} busy={found.busy && found.data !== undefined}>
        <Settled asked={found} lines={8}>
          {(answer) =>
            answer ? (
              <>
                <Result steps={answer.data.steps} asked={answer.of} by={answer.data.by} />
                <Fresh meta={answer.meta} />
              </>
            ) : (
              <Skeleton lines={8} />
            )
          }
        </Settled>
      </Card>
      {found.data?.of.breakdown && !found.error && <Parts found={found.data.data} dimension={found.data.of.breakdown} busy={found.busy} />}
    </div>
  );
}
