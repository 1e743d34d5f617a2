/** One event, at the right edge: its path, its fields, its properties. Open while its id stands in the address. */
import { useState } from "preact/hooks";
import { link } from "../../address";
import { useAnswer } from "../../answer";
import { ApiError, get, raw } from "../../api";
import { Copy, Dialog } from "../../kit/Controls";
import { Problem, Settled } from "../../kit/Card";
import type { Event } from "../../live";
import { texts } from "../../texts";
import { personOf, text } from "./described";
import { Fields, Properties } from "./Facts";
import type { Row } from "./fields";
import "./events.css";
import { closeEvent, glimpse, opened } from "./opened";
import { Path } from "./Path";
import { type Receipt, uuidOf } from "./receipt";

const words = texts.events.one;
/** A queued event is looked for again so often. */
const AGAIN_MS = 2000;

interface Found {
  receipt: Receipt;
  /** The stored row, whole. */
  row: Row | undefined;
  /** Of the workbench, when it was rejected. */
  fingerprint: string;
}

export function EventDialog() {
  const id = opened();
  return id ? <One key={id} id={id} /> : null;
}

function One({ id }: { id: string }) {
  const [moving, setMoving] = useState(false);
  const asked = useAnswer(id, async (signal) => {
    const found = await find(id, signal);
    // A row that was stored between the two questions is there at the next look.
    setMoving(found.receipt.state === "queued" || (found.receipt.state === "stored" && !found.row));
    return found;
  }, moving ? AGAIN_MS : 0);
  const seen = glimpse(id);
  const row = asked.data?.row ?? seen;
  const name = text(row?.name) || text(row?.event_type);
  return (
    <Dialog side title={name || words.title} close={closeEvent}>
      <div class="row">
        <code class="id">{id}</code>
        <Copy text={id} label={words.copy} />
        {row && <ToPerson row={row} />}
      </div>
      {asked.error?.status === 404 ? <Missing error={asked.error} /> : (
        <Settled asked={asked} lines={6}>{(found) => <Path receipt={found.receipt} row={row} fingerprint={found.fingerprint} />}</Settled>
      )}
      {row ? <Whole row={row} /> : asked.data && asked.data.receipt.state !== "stored" && (
        <p class="note">{asked.data.receipt.state === "rejected" ? words.inWorkbench : words.notStored}</p>
      )}
    </Dialog>
  );
}

function Missing({ error }: { error: ApiError }) {
  return (
    <div class="stack">
      <Problem error={error} />
      <p class="soft">{words.wrong}</p>
    </div>
  );
}

function Whole({ row }: { row: Row }) {
  const violations = Array.isArray(row.violations) ? row.violations.map(String) : [];
  return (
    <>
      {violations.length > 0 && <p class="note warn">{words.violations(violations.join(", "))}</p>}
      {text(row.bot) && <p class="note">{words.bot}</p>}
      <Properties properties={row.properties} row={row} />
      <Fields row={row} />
    </>
  );
}

function ToPerson({ row }: { row: Row }) {
  const person = personOf(row as Event);
  if (!person) return null;
  return <a class="button" href={link("users", { [person.parameter]: person.id })}>{words.timeline}</a>;
}

async function find(id: string, signal: AbortSignal): Promise<Found> {
  const uuid = uuidOf(id);
  if (!uuid) throw new ApiError(404, texts.events.findWrong);
  const [receipt, rows] = await Promise.all([
    get<Receipt>(`/v1/events/${encodeURIComponent(id)}`, {}, signal),
    select("SELECT * FROM events WHERE event_id = {id:UUID}", uuid, signal),
  ]);
  const rejected = receipt.data.state === "rejected" ? await select("SELECT fingerprint FROM rejected_events WHERE event_id = {id:UUID} ORDER BY appended_at DESC LIMIT 1", uuid, signal) : [];
  return { receipt: receipt.data, row: rows[0], fingerprint: text(rejected[0]?.fingerprint) };
}

async function select(sql: string, id: string, signal: AbortSignal): Promise<Row[]> {
  return (await raw<{ data: Row[] }>("/api/v1/sql", { sql, parameters: { id } }, signal)).data;
}
