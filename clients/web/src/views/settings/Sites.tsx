/** The public names by which producers without a key of their own, and pages, say whose events they send. */
import { useState } from "preact/hooks";
import { post, remove } from "../../api";
import { Card, Problem } from "../../kit/Card";
import { Dialog } from "../../kit/Controls";
import { load } from "../../session";
import { texts } from "../../texts";
import { useDeed } from "./deed";
import type { Project } from "./draft";

const words = texts.settings.sites;

export function Sites({ project, again }: { project: Project; again: () => void }) {
  const [site, write] = useState("");
  const [leaving, leave] = useState("");
  const deed = useDeed();
  const path = `/api/v1/projects/${encodeURIComponent(project.id)}/sites`;
  const done = () => {
    write("");
    leave("");
    again();
    void load();
  };
  return (
    <Card title={words.title}>
      <div class="stack">
        <p class="soft">{words.lead}</p>
        {project.site_ids.length > 0 && (
          <ul class="chips">
            {project.site_ids.map((one) => (
              <li key={one} class="chip">
                <span class="mono">{one}</span>
                <button type="button" aria-label={words.remove(one)} onClick={() => leave(one)}>✕</button>
              </li>
            ))}
          </ul>
        )}
        <form class="row" onSubmit={(event) => { event.preventDefault(); deed.run(() => post<Project>(path, { site_id: site.trim() }), done); }}>
          <input class="short" aria-label={words.name} placeholder={words.name} required maxLength={127} spellcheck={false} value={site} onInput={(event) => write(event.currentTarget.value)} />
          <button class="button" disabled={deed.busy}>{words.add}</button>
        </form>
        {deed.error && <Problem error={deed.error} />}
      </div>
      {leaving && (
        <Dialog title={words.removeTitle(leaving)} close={() => leave("")}>
          <p>{words.removeLead}</p>
          <span class="row">
            <button type="button" class="button danger" disabled={deed.busy} onClick={() => deed.run(() => remove<Project>(`${path}/${encodeURIComponent(leaving)}`), done)}>{words.removeYes}</button>
            <button type="button" class="button" autoFocus onClick={() => leave("")}>{texts.settings.cancel}</button>
          </span>
        </Dialog>
      )}
    </Card>
  );
}
