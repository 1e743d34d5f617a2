/** Fields that are not as their schemas want them: how often, and what becomes of the events. */
import { ask, link, parameters } from "../../address";
import { useAnswer } from "../../answer";
import { get } from "../../api";
import { compact, count } from "../../figures";
import { Card, Empty, Settled } from "../../kit/Card";
import { Select } from "../../kit/Controls";
import { Table } from "../../kit/Table";
import { shortly } from "../../moments";
import { texts } from "../../texts";

interface Violation {
  name: string;
  field: string;
  mode: string;
  events: number;
  last_seen: string;
}

const words = texts.rejected.violations;
const USUAL = "24h";

export function Violations() {
  const given = parameters.value.get("since") ?? USUAL;
  const period = given in words.periods ? given : USUAL;
  const asked = useAnswer(period, async (signal) => (await get<{ violations: Violation[] }>("/api/v1/violations", { period }, signal)).data.violations);
  const actions = <Select label={words.period} value={period} options={Object.entries(words.periods)} on={(next) => ask({ since: next === USUAL ? "" : next })} />;
  return (
    <Card flush title={texts.rejected.tabs.violations} busy={asked.busy} actions={actions}>
      <Settled asked={asked} lines={6}>
        {(violations) =>
          violations.length ? <ViolationTable violations={violations} /> : (
            <div class="good-news">
              <span class="dot good" />
              <Empty title={words.goodTitle}>{words.good}</Empty>
            </div>
          )
        }
      </Settled>
    </Card>
  );
}

function ViolationTable({ violations }: { violations: Violation[] }) {
  return (
    <Table
      label={texts.rejected.tabs.violations} rows={violations} id={(one) => `${one.name} ${one.field} ${one.mode}`}
      columns={[
        { name: words.event, show: (one) => <a class="event-name" href={link("events", { tab: "explorer", name: one.name })}>{one.name}</a>, clip: true },
        { name: words.events, show: (one) => <span title={count(one.events)}>{compact(one.events)}</span>, number: true },
        { name: words.field, show: (one) => <code>{one.field}</code>, clip: true },
        { name: words.mode, show: (one) => <span class={one.mode === "reject" ? "badge bad" : "badge"}>{words.modes[one.mode] ?? one.mode}</span> },
        { name: words.last, show: (one) => shortly(one.last_seen), number: true },
      ]}
    />
  );
}
