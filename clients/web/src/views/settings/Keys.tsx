/** The keys of the project: made, replaced, changed, closed. A token is shown once. */
import { useState } from "preact/hooks";
import { ask, parameters } from "../../address";
import { useAnswer } from "../../answer";
import { count } from "../../figures";
import { Card, Empty, Settled } from "../../kit/Card";
import { Table, type Column } from "../../kit/Table";
import { inFull, onDay } from "../../moments";
import { session } from "../../session";
import { texts } from "../../texts";
import { Gate } from "./Gate";
import { ChangeKey, MakeKey, RevokeKey, RotateKey } from "./KeyForms";
import { list, ordered, type Key } from "./keyring";

const words = texts.settings.keys;
type Doing = { what: "make" } | { what: "rotate" | "change" | "revoke"; key: Key };

export function Keys() {
  return (
    <Gate kind="admin" why={words.why}>
      <OfProject project={session.value?.project?.id ?? ""} />
    </Gate>
  );
}

function OfProject({ project }: { project: string }) {
  const asked = useAnswer(project, (signal) => list(project, signal));
  const [doing, start] = useState<Doing>();
  const closedToo = parameters.value.get("closed") === "yes";
  const end = () => {
    start(undefined);
    asked.again();
  };
  const actions = (
    <span class="row">
      <button type="button" class="button" aria-pressed={closedToo} onClick={() => ask({ closed: closedToo ? "" : "yes" }, true)}>{words.closedToo}</button>
      <button type="button" class="button first" onClick={() => start({ what: "make" })}>{words.make}</button>
    </span>
  );
  return (
    <Card title={words.title(project)} actions={actions} flush>
      <Settled asked={asked}>
        {(keys) => <KeyTable keys={ordered(keys).filter((key) => closedToo || key.state === "active")} start={start} />}
      </Settled>
      {doing?.what === "make" && <MakeKey project={project} close={end} />}
      {doing?.what === "rotate" && <RotateKey of={doing.key} close={end} />}
      {doing?.what === "change" && <ChangeKey of={doing.key} close={end} />}
      {doing?.what === "revoke" && <RevokeKey of={doing.key} close={end} />}
    </Card>
  );
}

function KeyTable({ keys, start }: { keys: Key[]; start: (doing: Doing) => void }) {
  const columns: Column<Key>[] = [
    { name: words.label, show: (key) => <><span class="label">{key.label || <span class="soft">{words.noLabel}</span>}</span><div class="mono soft">{key.id}</div></> },
    { name: words.kind, show: (key) => <span class="badge" title={words.opens[key.kind]}>{key.kind}</span> },
    { name: words.state, show: (key) => <span class={`badge ${key.state === "active" ? "good" : ""}`}>{words.states[key.state]}</span> },
    { name: words.rate, number: true, show: (key) => (key.rate ? words.aMinute(count(key.rate)) : words.noRate) },
    { name: words.created, number: true, show: (key) => <time title={inFull(key.created_at)}>{onDay(key.created_at)}</time> },
    { name: words.ends, number: true, show: (key) => <End key_={key} /> },
    { name: words.actions, number: true, show: (key) => key.state === "active" && <Actions of={key} start={start} /> },
  ];
  if (!keys.length) return <Empty title={words.none}>{words.noneWhy}</Empty>;
  return <Table label={words.list} columns={columns} rows={keys} id={(key) => key.id} />;
}

function End({ key_: key }: { key_: Key }) {
  const end = key.revoked_at ?? key.expires_at;
  return end ? <time title={inFull(end)}>{onDay(end)}</time> : <>{words.never}</>;
}

function Actions({ of: key, start }: { of: Key; start: (doing: Doing) => void }) {
  const named = key.label || key.id;
  return (
    <span class="row actions">
      <button type="button" class="button bare" aria-label={`${words.rotate} ${named}`} onClick={() => start({ what: "rotate", key })}>{words.rotate}</button>
      <button type="button" class="button bare" aria-label={`${words.change} ${named}`} onClick={() => start({ what: "change", key })}>{words.change}</button>
      <button type="button" class="button bare danger" aria-label={`${words.revoke} ${named}`} onClick={() => start({ what: "revoke", key })}>{words.revoke}</button>
    </span>
  );
}
