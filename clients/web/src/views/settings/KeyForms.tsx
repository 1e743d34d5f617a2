/** The dialogs about one key. */
import { useState } from "preact/hooks";
import { Problem } from "../../kit/Card";
import { Dialog, Field, Select } from "../../kit/Controls";
import { texts } from "../../texts";
import { useDeed } from "./deed";
import { change, changes, KINDS, localTime, make, revoke, rotate, type Draft, type Key, type NewKey } from "./keyring";
import { forget, keep } from "./made";
import { Once } from "./Once";

const words = texts.settings.keys;
const OVERLAPS = ["0", "3600", "86400", "604800", "2592000"] as const;

export function MakeKey({ project, close }: { project: string; close: () => void }) {
  const [kind, choose] = useState<string>("write");
  const [draft, set] = useState<Draft>({ label: "", rate: 0, ends: "" });
  const [made, show] = useState<NewKey>();
  const deed = useDeed();
  const submit = (event: Event) => {
    event.preventDefault();
    deed.run(() => make(project, kind, draft), (key) => {
      keep(key);
      show(key);
    });
  };
  return (
    <Dialog title={made ? words.made : words.make} close={close}>
      {made ? (
        <Once text={made.token} label={words.token} warning={words.once} close={close} />
      ) : (
        <form class="stack" onSubmit={submit}>
          <Select label={words.kind} shown value={kind} options={KINDS.map((one) => [one, `${one} – ${words.opens[one]}`] as const)} on={choose} />
          <DraftFields draft={draft} set={set} />
          {deed.error && <Problem error={deed.error} />}
          <button class="button first" disabled={deed.busy}>{words.make}</button>
        </form>
      )}
    </Dialog>
  );
}

export function RotateKey({ of: key, close }: { of: Key; close: () => void }) {
  const [overlap, choose] = useState<string>("86400");
  const [made, show] = useState<NewKey>();
  const deed = useDeed();
  const submit = (event: Event) => {
    event.preventDefault();
    deed.run(() => rotate(key, Number(overlap)), (next) => {
      keep(next);
      show(next);
    });
  };
  return (
    <Dialog title={made ? words.made : words.rotateTitle(key.label || key.id)} close={close}>
      {made ? (
        <Once text={made.token} label={words.token} warning={words.once} close={close} />
      ) : (
        <form class="stack" onSubmit={submit}>
          <p>{words.rotateLead}</p>
          <Select label={words.overlap} shown value={overlap} options={OVERLAPS.map((one) => [one, words.overlaps[one]] as const)} on={choose} />
          {deed.error && <Problem error={deed.error} />}
          <button class="button first" disabled={deed.busy}>{words.rotate}</button>
        </form>
      )}
    </Dialog>
  );
}

export function ChangeKey({ of: key, close }: { of: Key; close: () => void }) {
  const [draft, set] = useState<Draft>({ label: key.label, rate: key.rate, ends: localTime(key.expires_at) });
  const deed = useDeed();
  const changed = changes(key, draft);
  const submit = (event: Event) => {
    event.preventDefault();
    deed.run(() => change(key, changed), close);
  };
  return (
    <Dialog title={words.changeTitle(key.label || key.id)} close={close}>
      <form class="stack" onSubmit={submit}>
        <DraftFields draft={draft} set={set} />
        {deed.error && <Problem error={deed.error} />}
        <button class="button first" disabled={deed.busy || !Object.keys(changed).length}>{words.save}</button>
      </form>
    </Dialog>
  );
}

export function RevokeKey({ of: key, close }: { of: Key; close: () => void }) {
  const deed = useDeed();
  const done = () => {
    forget();
    close();
  };
  return (
    <Dialog title={words.revokeTitle(key.label || key.id)} close={close}>
      <p>{words.revokeLead(key.kind)}</p>
      {deed.error && <Problem error={deed.error} />}
      <span class="row">
        <button type="button" class="button danger" disabled={deed.busy} onClick={() => deed.run(() => revoke(key), done)}>{words.revokeYes}</button>
        <button type="button" class="button" autoFocus onClick={close}>{words.keep}</button>
      </span>
    </Dialog>
  );
}

function DraftFields({ draft, set }: { draft: Draft; set: (draft: Draft) => void }) {
  return (
    <>
      <Field label={words.label} hint={words.labelHint}>
        <input maxLength={200} value={draft.label} onInput={(event) => set({ ...draft, label: event.currentTarget.value })} />
      </Field>
      <Field label={words.rateField} hint={words.rateHint}>
        <input type="number" required min={0} max={1_000_000_000} step={1} value={draft.rate} onInput={(event) => set({ ...draft, rate: event.currentTarget.valueAsNumber })} />
      </Field>
      <Field label={words.ends} hint={words.endsHint}>
        <input type="datetime-local" value={draft.ends} onInput={(event) => set({ ...draft, ends: event.currentTarget.value })} />
      </Field>
    </>
  );
}
