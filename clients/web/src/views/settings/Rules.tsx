/** What is held to and watched: the alerts of the project, and its schemas. They are set on the command line and over the API. */
import { useAnswer } from "../../answer";
import { get } from "../../api";
import { count } from "../../figures";
import { Card, Empty, Settled } from "../../kit/Card";
import { Table, type Column } from "../../kit/Table";
import { ago, inFull, onDay } from "../../moments";
import { may, session } from "../../session";
import { texts } from "../../texts";
import { Gate } from "./Gate";

const words = texts.settings.rules;

interface Alert {
  name: string;
  outcome: string;
  checked_at: string | null;
  value: number | null;
  problem: string;
  alert: { condition: string; value: number; every: number; description?: string; paused?: boolean; webhooks?: string[]; emails?: string[] };
}

interface Schema {
  name: string;
  mode: string;
  version: number;
  changed_at: string;
  schema: { required?: string[]; properties?: Record<string, unknown> };
}

export function Rules() {
  return (
    <Gate kind="query" why={words.why}>
      <Alerts />
      {may("admin") ? <Schemas project={session.value?.project?.id ?? ""} /> : <Card title={words.schemas}><p class="soft">{words.schemasAdmin}</p></Card>}
    </Gate>
  );
}

function Alerts() {
  const asked = useAnswer(`alerts ${session.value?.project?.id}`, async (signal) => (await get<{ alerts: Alert[] }>("/api/v1/alerts", {}, signal)).data.alerts);
  const columns: Column<Alert>[] = [
    { name: words.name, show: (one) => <><span class="mono">{one.name}</span>{one.alert.description && <div class="soft">{one.alert.description}</div>}</> },
    { name: words.outcome, show: (one) => <Outcome of={one} /> },
    { name: words.value, number: true, show: (one) => count(one.value) },
    { name: words.condition, show: (one) => words.conditions(one.alert.condition.replaceAll("_", " "), count(one.alert.value)) },
    { name: words.every, number: true, show: (one) => words.minutes(one.alert.every) },
    { name: words.checked, number: true, show: (one) => (one.checked_at ? <time title={inFull(one.checked_at)}>{ago(one.checked_at)}</time> : words.never) },
    { name: words.receivers, clip: true, show: (one) => [...(one.alert.webhooks ?? []), ...(one.alert.emails ?? [])].join(", ") },
  ];
  return (
    <Card title={words.alerts} flush>
      <Settled asked={asked}>
        {(alerts) => (alerts.length ? <Table label={words.alerts} columns={columns} rows={alerts} id={(one) => one.name} /> : <Empty title={words.noAlerts}>{words.setWith} <code>{words.alertCommand(session.value?.project?.id ?? "")}</code></Empty>)}
      </Settled>
    </Card>
  );
}

function Outcome({ of: alert }: { of: Alert }) {
  const kind = { firing: "bad", failed: "bad", ok: "good" }[alert.outcome] ?? "";
  return (
    <>
      <span class={`badge ${kind}`}>{alert.alert.paused ? words.paused : (words.outcomes[alert.outcome] ?? alert.outcome)}</span>
      {alert.problem && <div class="soft">{alert.problem}</div>}
    </>
  );
}

function Schemas({ project }: { project: string }) {
  const asked = useAnswer(project, async (signal) => (await get<{ schemas: Schema[] }>(`/api/v1/projects/${encodeURIComponent(project)}/schemas`, {}, signal)).data.schemas);
  const columns: Column<Schema>[] = [
    { name: words.event, show: (one) => <span class="mono">{one.name}</span> },
    { name: words.mode, show: (one) => <span class="badge">{words.modes[one.mode] ?? one.mode}</span> },
    { name: words.required, clip: true, show: (one) => <span class="mono">{(one.schema.required ?? []).join(", ") || texts.none.unknown}</span> },
    { name: words.properties, number: true, show: (one) => count(Object.keys(one.schema.properties ?? {}).length) },
    { name: words.version, number: true, show: (one) => count(one.version) },
    { name: words.changed, number: true, show: (one) => <time title={inFull(one.changed_at)}>{onDay(one.changed_at)}</time> },
  ];
  return (
    <Card title={words.schemas} flush>
      <Settled asked={asked}>
        {(schemas) => (schemas.length ? <Table label={words.schemas} columns={columns} rows={schemas} id={(one) => one.name} /> : <Empty title={words.noSchemas}>{words.setWith} <code>{words.schemaCommand(project)}</code></Empty>)}
      </Settled>
    </Card>
  );
}
