/** The ledger: what became of the events of the last hour, as two equations and minute by minute. */
import { ask, parameters } from "../../address";
import { useAnswer } from "../../answer";
import { get } from "../../api";
import { count } from "../../figures";
import { Card, Empty, Settled } from "../../kit/Card";
import { Dialog } from "../../kit/Controls";
import { Table, type Column } from "../../kit/Table";
import { inFull, ofInterval } from "../../moments";
import { texts } from "../../texts";
import { ENDS, missing, refused, sent, shown, type Account, type Ledger, type Minute } from "./accounts";
import { Equation, Terms } from "./Equation";

const words = texts.pipeline;
const AGAIN_MS = 5_000;

export function Books() {
  const asked = useAnswer("hour", async (signal) => (await get<Ledger>("/api/v1/ledger", {}, signal)).data, AGAIN_MS);
  const ledger = asked.data;
  return (
    <Card title={words.ledger} actions={ledger && <Balance balanced={ledger.balanced} />}>
      <Settled asked={asked} lines={5}>
        {(found) => (
          <div class="stack">
            <p>{found.minutes.length ? words.told(count(sent(found.total)), found.balanced) : words.silent}</p>
            <Equations account={found.total} />
            <Minutes minutes={found.minutes} />
          </div>
        )}
      </Settled>
    </Card>
  );
}

function Equations({ account }: { account: Account }) {
  return (
    <div class="equations">
      <Equation name={words.whole} amount={sent(account)}>
        <Terms terms={[[words.outcomes.accepted, account.accepted], [words.outcomes.duplicate, account.duplicate], [words.outcomes.refused, refused(account)]]} />
      </Equation>
      <Equation name={words.outcomes.accepted} amount={account.accepted}>
        <Terms terms={shown(account).map((end) => [words.ends[end], account[end]])} />
      </Equation>
    </div>
  );
}

function Balance({ balanced }: { balanced: boolean }) {
  return <span class={`badge ${balanced ? "good" : "bad"}`}>{balanced ? words.balanced : words.unbalanced}</span>;
}

function Minutes({ minutes }: { minutes: Minute[] }) {
  const chosen = parameters.value.get("minute") ?? "";
  const opened = minutes.find((one) => one.minute === chosen);
  const columns: Column<Minute>[] = [
    { name: words.minute, show: (one) => <span class="number">{ofInterval(one.minute, "minute")}</span> },
    { name: words.outcomes.accepted, number: true, show: (one) => count(one.accepted) },
    { name: words.ends.stored, number: true, show: (one) => count(one.stored) },
    { name: words.ends.rejected, number: true, show: (one) => count(one.rejected) },
    { name: words.ends.in_flight, number: true, show: (one) => count(one.in_flight) },
    { name: words.outcomes.duplicate, number: true, show: (one) => count(one.duplicate) },
    { name: words.outcomes.refused, number: true, show: (one) => count(refused(one)) },
    { name: words.balance, show: (one) => <Balance balanced={one.balanced} /> },
  ];
  if (!minutes.length) return <Empty title={texts.none.title}>{words.noEvents}</Empty>;
  return (
    <div class="minutes">
      <Table label={words.byMinute} columns={columns} rows={[...minutes].reverse()} id={(one) => one.minute} chosen={chosen} open={(one) => ask({ minute: one.minute })} />
      {opened && <Opened minute={opened} close={() => ask({ minute: "" })} />}
    </div>
  );
}

/** All that is known of one minute, with the reasons of what was refused. */
function Opened({ minute, close }: { minute: Minute; close: () => void }) {
  const lacks = missing(minute);
  return (
    <Dialog title={inFull(minute.minute)} close={close}>
      <p class="row">
        <Balance balanced={minute.balanced} /> {minute.balanced ? "" : words.lacking(lacks)}
      </p>
      <dl class="facts account">
        <dt>{words.outcomes.accepted}</dt>
        <dd>{count(minute.accepted)}</dd>
        {ENDS.map((end) => [<dt key={end} class="part">{words.ends[end]}</dt>, <dd key={`${end} events`}>{count(minute[end])} <span class="soft">{words.meanings[end]}</span></dd>])}
        <dt>{words.outcomes.duplicate}</dt>
        <dd>{count(minute.duplicate)} <span class="soft">{words.meanings.duplicate}</span></dd>
        <dt>{words.outcomes.refused}</dt>
        <dd>{count(refused(minute))} <span class="soft">{words.meanings.refused}</span></dd>
        {Object.entries(minute.refused).map(([reason, events]) => [<dt key={reason} class="part mono">{reason}</dt>, <dd key={`${reason} events`}>{count(events)}</dd>])}
      </dl>
    </Dialog>
  );
}
