/** Before the first event: the command that sends it. The page listens, and turns live when it arrives. */
import { useEffect, useState } from "preact/hooks";
import { link } from "../../address";
import { Card } from "../../kit/Card";
import { Code } from "../../kit/Controls";
import { follow } from "../../live";
import { session } from "../../session";
import { texts } from "../../texts";

const words = texts.overview;

export function FirstEvent({ arrived }: { arrived: () => void }) {
  const [here, setHere] = useState(false);
  useEffect(
    () =>
      follow({}, () => {
        setHere(true);
        arrived();
      }, () => undefined),
    [],
  );
  const origin = session.value?.origin ?? location.origin;
  const site = session.value?.project?.site_ids?.[0] ?? "YOUR_SITE_ID";
  return (
    <div class="stack" style={{ maxWidth: "760px", margin: "4vh auto 0" }}>
      <div class="head">
        <h1>{words.emptyTitle}</h1>
        <span class="badge" role="status">
          <span class="dot good" />
          {here ? words.emptyArrived : words.emptyListening}
        </span>
      </div>
      <p>{words.emptyLead}</p>
      <Code label={words.emptyLead} text={command(origin)} />
      <p class="note">
        {words.emptyKey} <a href={link("settings")}>{texts.views.settings}</a>
      </p>
      <Card title={words.emptyTag}>
        <Code label={words.emptyTag} text={tag(origin, site)} />
      </Card>
    </div>
  );
}

function command(origin: string): string {
  const body = JSON.stringify({ event_type: "page_view", occurred_at: new Date().toISOString(), data: { url: "https://example.com/" } });
  return `curl ${origin}/v1/events \\\n  -H "Authorization: Bearer $HEADRACE_WRITE_KEY" \\\n  -d '${body}'`;
}

function tag(origin: string, site: string): string {
  return `<script defer src="${origin}/tracker.js"\n  data-site="${site}" data-key="YOUR_WRITE_KEY"></script>`;
}
