/** Rejected events by their cause, the latest first. A click opens one. */
import { ask, parameters } from "../../address";
import { useAnswer } from "../../answer";
import { get } from "../../api";
import { compact, count } from "../../figures";
import { Card, Empty, Settled } from "../../kit/Card";
import { Select } from "../../kit/Controls";
import { type Column, Table } from "../../kit/Table";
import { shortly } from "../../moments";
import { may, session } from "../../session";
import { texts } from "../../texts";
import { Cause } from "./Cause";
import { type Group, type Groups, waiting } from "./groups";
import { Halted } from "./Halted";
import { parse } from "./reason";

const words = texts.rejected;
/** New ones show up by themselves. */
const AGAIN_MS = 15_000;

export function Causes() {
  const given = parameters.value;
  const everywhere = given.get("scope") === "all" && may("admin");
  const redriven = given.get("redriven") === "yes";
  const asks: Record<string, string> = { redriven: redriven ? "yes" : "no", limit: "500", ...(everywhere ? {} : { project: session.value?.project?.id ?? "" }) };
  const asked = useAnswer(JSON.stringify(asks), async (signal) => (await get<Groups>("/api/v1/rejected", asks, signal)).data, AGAIN_MS);
  const open = given.get("open");
  const group = asked.data?.groups.find((one) => one.fingerprint === open);
  return (
    <>
      {asked.data && <Halted shards={asked.data.halted} done={asked.again} />}
      <Card flush title={words.list} busy={asked.busy && asked.data !== undefined} actions={<Bar everywhere={everywhere} redriven={redriven} />}>
        <Settled asked={asked} lines={6}>
          {({ groups }) => (groups.length ? <CauseTable groups={groups} everywhere={everywhere} chosen={open ?? ""} /> : <Good all={redriven} />)}
        </Settled>
      </Card>
      {open && <Cause key={open} fingerprint={open} group={group} changed={asked.again} />}
    </>
  );
}

function Bar({ everywhere, redriven }: { everywhere: boolean; redriven: boolean }) {
  return (
    <div class="row">
      <label class="check">
        <input type="checkbox" checked={redriven} onChange={(event) => ask({ redriven: event.currentTarget.checked ? "yes" : "" })} />
        {words.showRedriven}
      </label>
      {may("admin") && <Select label={words.scope} value={everywhere ? "all" : "mine"} options={Object.entries(words.scopes)} on={(scope) => ask({ scope: scope === "all" ? scope : "" })} />}
    </div>
  );
}

function Good({ all }: { all: boolean }) {
  return (
    <div class="good-news">
      <span class="dot good" />
      <Empty title={words.goodTitle}>{all ? words.goodAll : words.good}</Empty>
    </div>
  );
}

function CauseTable({ groups, everywhere, chosen }: { groups: Group[]; everywhere: boolean; chosen: string }) {
  const columns: Column<Group>[] = [
    { name: words.cause, show: (one) => <Told group={one} /> },
    { name: words.events, show: (one) => <span title={count(one.events)}>{compact(one.events)}</span>, number: true },
    { name: words.event, show: (one) => <strong class="event-name">{one.name || words.noName}</strong>, clip: true },
    ...(everywhere ? [{ name: words.project, show: (one: Group) => one.project, clip: true }] : []),
    { name: words.state, show: (one) => <State group={one} /> },
    { name: words.first, show: (one) => shortly(one.first_seen), number: true },
    { name: words.last, show: (one) => shortly(one.last_seen), number: true },
  ];
  return <Table label={words.list} columns={columns} rows={groups} id={(one) => one.fingerprint} open={(one) => ask({ open: one.fingerprint })} chosen={chosen} />;
}

function Told({ group }: { group: Group }) {
  const { kind, field, text } = parse(group.reason);
  return (
    <div class="cause">
      <span>{words.kinds[kind]?.[0]}</span>
      <span class="soft">
        {field && <code>{field}</code>} {text}
      </span>
    </div>
  );
}

function State({ group }: { group: Group }) {
  if (!group.redriven) return <span class="badge bad">{words.waits}</span>;
  return <span class={waiting(group) ? "badge bad" : "badge good"}>{waiting(group) ? words.partly(`${count(group.redriven)}/${count(group.rows)}`) : words.putBack}</span>;
}
