/** All that one needs to send events of this project and to ask about them: names, addresses, and snippets to copy. */
import { useState } from "preact/hooks";
import { ask, parameters } from "../../address";
import { Card } from "../../kit/Card";
import { Code, Copy, Field, Select, Tabs } from "../../kit/Controls";
import { session } from "../../session";
import { texts } from "../../texts";
import { Gate } from "./Gate";
import { keyOf } from "./made";
import { asking, ASKING, doorOf, psqlUrl, sending, SENDING, WRITE_KEY, type Asking, type Place, type Sending } from "./snippets";

const words = texts.settings.connect;

export function Connect() {
  return (
    <Gate kind="query" why={words.why}>
      <Snippets />
    </Gate>
  );
}

function Snippets() {
  const who = session.value;
  const origin = who?.origin ?? location.origin;
  const sites = who?.project?.site_ids ?? [];
  const [written, write] = useState(origin);
  const [site, choose] = useState(sites[0] ?? "");
  const place: Place = {
    door: doorOf(written) || origin,
    origin,
    project: who?.project?.id ?? "",
    site: site || "YOUR_SITE_ID",
    writeKey: keyOf("write"),
    queryKey: keyOf("query"),
    psqlUrl: who?.psql_url ?? null,
  };
  return (
    <>
      <Names place={place} sites={sites} />
      <Card title={words.send} actions={<Tabs label={words.send} tabs={SENDING.map((how) => [how, words.sending[how].name] as const)} chosen={howToSend()} on={(send) => ask({ send }, true)} />}>
        <div class="stack">
          <div class="row fields">
            {sites.length > 1 && <Select label={words.site} shown value={site} options={sites.map((one) => [one, one] as const)} on={choose} />}
            <Field label={words.door}>
              <input type="url" spellcheck={false} value={written} aria-invalid={!doorOf(written)} onInput={(event) => write(event.currentTarget.value)} />
            </Field>
          </div>
          {!doorOf(written) && <p class="wrong" role="alert">{words.doorWrong}</p>}
          <p class="soft">{words.sending[howToSend()].lead}</p>
          <Code label={words.sending[howToSend()].name} text={sending(howToSend(), place)} />
          <p class="note">{place.writeKey === WRITE_KEY ? words.keyMissing : words.keyThere}</p>
        </div>
      </Card>
      <Questions place={place} />
    </>
  );
}

function Questions({ place }: { place: Place }) {
  const asked = parameters.value.get("read") as Asking;
  const how = ASKING.includes(asked) ? asked : "stats";
  const { name, lead } = words.asking[how];
  return (
    <Card title={words.ask} actions={<Tabs label={words.ask} tabs={ASKING.map((one) => [one, words.asking[one].name] as const)} chosen={how} on={(read) => ask({ read }, true)} />}>
      <div class="stack">
        <p class="soft">{how === "psql" && !place.psqlUrl ? words.psqlOff : lead}</p>
        {(how !== "psql" || place.psqlUrl) && <Code label={name} text={asking(how, place)} />}
      </div>
    </Card>
  );
}

function Names({ place, sites }: { place: Place; sites: string[] }) {
  return (
    <Card title={words.names}>
      <dl class="facts names">
        <dt>{words.project}</dt>
        <dd><Name text={place.project} /></dd>
        <dt>{words.sites}</dt>
        <dd class="stack tight">{sites.length ? sites.map((site) => <Name key={site} text={site} />) : words.noSites}</dd>
        <dt>{words.api}</dt>
        <dd><Name text={place.origin} /></dd>
        <dt>{words.psql}</dt>
        <dd>{place.psqlUrl ? <Name text={psqlUrl(place)} /> : words.psqlOff}</dd>
      </dl>
    </Card>
  );
}

function Name({ text }: { text: string }) {
  return (
    <span class="copied">
      <code>{text}</code>
      <Copy text={text} />
    </span>
  );
}

function howToSend(): Sending {
  const asked = parameters.value.get("send") as Sending;
  return SENDING.includes(asked) ? asked : "browser";
}
