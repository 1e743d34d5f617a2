/** Read-only links to this project: made, listed, closed. A link is shown once, since its key is stored nowhere. */
import { useState } from "preact/hooks";
import { useAnswer } from "../../answer";
import { get, post, remove } from "../../api";
import { Card, Empty, Problem, Settled } from "../../kit/Card";
import { Dialog, Field } from "../../kit/Controls";
import { Table, type Column } from "../../kit/Table";
import { inFull, onDay } from "../../moments";
import { session } from "../../session";
import { texts } from "../../texts";
import { useDeed } from "./deed";
import { Gate } from "./Gate";
import { moment, ordered, type Key } from "./keyring";
import { Once } from "./Once";

const words = texts.settings.sharing;
const PATH = "/api/v1/shares";

export function Sharing() {
  return (
    <Gate kind="query" why={words.why}>
      <Links />
    </Gate>
  );
}

function Links() {
  const asked = useAnswer(`shares ${session.value?.project?.id}`, async (signal) => (await get<{ shares: Key[] }>(PATH, {}, signal)).data.shares);
  const [making, make] = useState(false);
  const [closing, close] = useState<Key>();
  const end = () => {
    make(false);
    close(undefined);
    asked.again();
  };
  return (
    <Card title={words.title} flush actions={<button type="button" class="button first" onClick={() => make(true)}>{words.make}</button>}>
      <p class="soft lead">{words.lead}</p>
      <Settled asked={asked}>{(shares) => <List shares={ordered(shares)} close={close} />}</Settled>
      {making && <Make done={end} />}
      {closing && <Close share={closing} done={end} />}
    </Card>
  );
}

function List({ shares, close }: { shares: Key[]; close: (share: Key) => void }) {
  const columns: Column<Key>[] = [
    { name: words.label, show: (one) => <>{one.label || <span class="soft">{words.noLabel}</span>}<div class="mono soft">{one.id}</div></> },
    { name: words.state, show: (one) => <span class={`badge ${one.state === "active" ? "good" : ""}`}>{words.states[one.state]}</span> },
    { name: words.created, number: true, show: (one) => <time title={inFull(one.created_at)}>{onDay(one.created_at)}</time> },
    { name: words.ends, number: true, show: (one) => (one.expires_at ? <time title={inFull(one.expires_at)}>{onDay(one.expires_at)}</time> : words.never) },
    {
      name: words.actions,
      number: true,
      show: (one) => one.state === "active" && <button type="button" class="button bare danger" aria-label={words.closeOne(one.label || one.id)} onClick={() => close(one)}>{words.close}</button>,
    },
  ];
  if (!shares.length) return <Empty title={words.none}>{words.noneWhy}</Empty>;
  return <Table label={words.title} columns={columns} rows={shares} id={(one) => one.id} />;
}

function Make({ done }: { done: () => void }) {
  const [label, name] = useState("");
  const [ends, set] = useState("");
  const [link, show] = useState("");
  const deed = useDeed();
  const submit = (event: Event) => {
    event.preventDefault();
    deed.run(() => post<{ link: string }>(PATH, { label, expires_at: moment(ends) }), ({ data }) => show(data.link));
  };
  return (
    <Dialog title={link ? words.made : words.make} close={done}>
      {link ? (
        <Once text={link} label={words.link} warning={words.once} close={done} />
      ) : (
        <form class="stack" onSubmit={submit}>
          <Field label={words.label} hint={words.labelHint}>
            <input autoFocus maxLength={200} value={label} onInput={(event) => name(event.currentTarget.value)} />
          </Field>
          <Field label={words.ends} hint={words.endsHint}>
            <input type="datetime-local" value={ends} onInput={(event) => set(event.currentTarget.value)} />
          </Field>
          {deed.error && <Problem error={deed.error} />}
          <button class="button first" disabled={deed.busy}>{words.make}</button>
        </form>
      )}
    </Dialog>
  );
}

function Close({ share, done }: { share: Key; done: () => void }) {
  const deed = useDeed();
  return (
    <Dialog title={words.closeTitle(share.label || share.id)} close={done}>
      <p>{words.closeLead}</p>
      {deed.error && <Problem error={deed.error} />}
      <span class="row">
        <button type="button" class="button danger" disabled={deed.busy} onClick={() => deed.run(() => remove<Key>(`${PATH}/${share.id}`), done)}>{words.closeYes}</button>
        <button type="button" class="button" autoFocus onClick={done}>{texts.settings.cancel}</button>
      </span>
    </Dialog>
  );
}
