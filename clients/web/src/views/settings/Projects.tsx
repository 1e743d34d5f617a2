/** All projects of the installation: open one to see it in every view, or make another. */
import { useState } from "preact/hooks";
import { ask, go } from "../../address";
import { useAnswer } from "../../answer";
import { get, post } from "../../api";
import { Card, Empty, Problem, Settled } from "../../kit/Card";
import { Dialog, Field } from "../../kit/Controls";
import { Table, type Column } from "../../kit/Table";
import { inFull, onDay } from "../../moments";
import { open, session } from "../../session";
import { texts } from "../../texts";
import { useDeed } from "./deed";
import { Gate } from "./Gate";
import { lines, type Project } from "./draft";

const words = texts.settings.projects;
const PATH = "/api/v1/projects";

export function Projects() {
  return (
    <Gate kind="admin" why={words.why} global>
      <All />
    </Gate>
  );
}

function All() {
  const asked = useAnswer("projects", async (signal) => (await get<{ projects: Project[] }>(PATH, {}, signal)).data.projects);
  const [making, make] = useState(false);
  const deed = useDeed();
  const enter = (id: string, then: () => void) =>
    deed.run(() => open(id), () => {
      ask({ site: "", filters: "" }, true); // of the project from before
      then();
    });
  return (
    <Card title={words.title} flush actions={<button type="button" class="button first" onClick={() => make(true)}>{words.make}</button>}>
      {deed.error && <Problem error={deed.error} />}
      <Settled asked={asked}>{(projects) => <List projects={projects} enter={(id) => enter(id, () => go("overview"))} busy={deed.busy} />}</Settled>
      {making && <Make close={() => make(false)} made={(id) => enter(id, () => go("settings", { tab: "connect" }))} />}
    </Card>
  );
}

function List({ projects, enter, busy }: { projects: Project[]; enter: (id: string) => void; busy: boolean }) {
  const here = session.value?.project?.id;
  const columns: Column<Project>[] = [
    { name: words.id, show: (one) => <span class="mono">{one.id}</span> },
    {
      name: texts.settings.keys.actions,
      show: (one) =>
        one.id === here ? <span class="badge good">{words.opened}</span> : (
          <button type="button" class="button" disabled={busy} aria-label={words.openOne(one.id)} onClick={() => enter(one.id)}>{words.open}</button>
        ),
    },
    { name: words.sites, clip: true, show: (one) => <span class="mono" title={one.site_ids.join(" ")}>{one.site_ids.join(" ") || <span class="soft">{words.noSites}</span>}</span> },
    { name: words.retention, number: true, show: (one) => (one.retention_days ? words.days(one.retention_days) : words.forEver) },
    { name: words.created, number: true, show: (one) => <time title={inFull(one.created_at)}>{onDay(one.created_at)}</time> },
  ];
  if (!projects.length) return <Empty title={words.none}>{words.noneWhy}</Empty>;
  return <Table label={words.title} columns={columns} rows={projects} id={(one) => one.id} chosen={here} />;
}

function Make({ close, made }: { close: () => void; made: (id: string) => void }) {
  const [id, name] = useState("");
  const [sites, write] = useState("");
  const deed = useDeed();
  const submit = (event: Event) => {
    event.preventDefault();
    deed.run(() => post<Project>(PATH, { id, site_ids: lines(sites) }), ({ data }) => made(data.id));
  };
  return (
    <Dialog title={words.make} close={close}>
      <form class="stack" onSubmit={submit}>
        <Field label={words.id} hint={words.idHint}>
          <input required autoFocus pattern="[a-z0-9][a-z0-9_\-]{0,62}" spellcheck={false} value={id} onInput={(event) => name(event.currentTarget.value)} />
        </Field>
        <Field label={words.sites} hint={words.sitesHint}>
          <textarea rows={3} class="mono" spellcheck={false} value={sites} onInput={(event) => write(event.currentTarget.value)} />
        </Field>
        {deed.error && <Problem error={deed.error} />}
        <button class="button first" disabled={deed.busy}>{words.make}</button>
      </form>
    </Dialog>
  );
}
