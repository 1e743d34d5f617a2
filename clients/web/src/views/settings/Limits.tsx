/** What is taken and what is kept of the project's events: each setting explained, checked, and saved with the others. */
import { useState } from "preact/hooks";
import { useAnswer } from "../../answer";
import { ApiError, get, patch } from "../../api";
import { Card, Problem, Settled } from "../../kit/Card";
import { Dialog } from "../../kit/Controls";
import { session } from "../../session";
import { texts } from "../../texts";
import { useDeed } from "./deed";
import { Gate } from "./Gate";
import { changed, deletes, of, problems, refusals, still, type Name, type Project, type Settings, type Wrong } from "./draft";
import { SettingField } from "./SettingField";
import { Sites } from "./Sites";

const words = texts.settings.limits;
const GROUPS: [keyof typeof words.groups, Name[]][] = [
  ["taken", ["public_writes", "public_rate", "origins", "past_days"]],
  ["kept", ["retention_days", "ip", "cookieless", "do_not_track", "hash_properties", "drop_properties"]],
];

export function Limits() {
  return (
    <Gate kind="admin" why={words.why}>
      <OfProject id={session.value?.project?.id ?? ""} />
    </Gate>
  );
}

function OfProject({ id }: { id: string }) {
  const path = `/api/v1/projects/${encodeURIComponent(id)}`;
  const asked = useAnswer(id, async (signal) => (await get<Project>(path, {}, signal)).data);
  return (
    <Settled asked={asked} lines={10}>
      {(project) => (
        <>
          <Sites project={project} again={asked.again} />
          <Form key={JSON.stringify(of(project))} path={path} before={of(project)} again={asked.again} />
        </>
      )}
    </Settled>
  );
}

function Form({ path, before, again }: { path: string; before: Settings; again: () => void }) {
  const [draft, set] = useState(before);
  const [sent, send] = useState(before);
  const [confirming, confirm] = useState(false);
  const deed = useDeed();
  const changes = changed(before, draft);
  const many = Object.keys(changes).length;
  const found = problems(draft);
  const wrong: Wrong = { ...still(refusals(deed.error?.details ?? []), sent, draft), ...found };
  const save = () => {
    confirm(false);
    send(draft);
    deed.run(() => patch<Project>(path, changes), again);
  };
  const submit = (event: Event) => {
    event.preventDefault();
    if (deletes(before, draft)) confirm(true);
    else save();
  };
  return (
    <form class="stack" onSubmit={submit}>
      {GROUPS.map(([group, names]) => (
        <Card key={group} title={words.groups[group]}>
          <div class="settings-list">
            {names.map((name) => (
              <SettingField key={name} name={name} draft={draft} wrong={wrong[name]} changed={name in changes} set={(value) => set({ ...draft, [name]: value })} />
            ))}
          </div>
        </Card>
      ))}
      {deed.error && many > 0 && <Refused error={deed.error} />}
      <div class={many ? "row save pending" : "row save"}>
        <button class="button first" disabled={!many || deed.busy || Object.keys(found).length > 0}>{words.save(many)}</button>
        <button type="button" class="button" disabled={!many} onClick={() => set(before)}>{words.back}</button>
        <span class="soft" role="status">{many ? words.unsaved(many) : words.saved}</span>
      </div>
      {confirming && (
        <Dialog title={words.deleteTitle} close={() => confirm(false)}>
          <p>{words.deleteLead(draft.retention_days)}</p>
          <span class="row">
            <button type="button" class="button danger" onClick={save}>{words.deleteYes}</button>
            <button type="button" class="button" autoFocus onClick={() => confirm(false)}>{texts.settings.cancel}</button>
          </span>
        </Dialog>
      )}
    </form>
  );
}

/** What is told at its field is not told twice. */
function Refused({ error }: { error: ApiError }) {
  const elsewhere = error.details.filter((one) => !Object.keys(refusals([one])).length);
  if (error.details.length && !elsewhere.length) return <p class="note bad" role="alert">{words.mend}</p>;
  return <Problem error={new ApiError(error.status, error.message, elsewhere)} />;
}
