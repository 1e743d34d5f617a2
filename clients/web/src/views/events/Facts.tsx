/** An event's fields in groups, and its properties, readable and to be copied. */
import { link } from "../../address";
import { Copy } from "../../kit/Controls";
import { texts } from "../../texts";
import { grouped, type Row, written } from "./fields";

const words = texts.events.one;
/** Those that lead to a timeline. */
const PEOPLE = ["user_id", "client_id", "visitor"];

export function Fields({ row }: { row: Row }) {
  return (
    <section class="stack" style={{ gap: "12px" }}>
      <h3>{words.fields}</h3>
      {grouped(row).map(({ group, fields }) => (
        <dl key={group} class="facts named" aria-label={words.groups[group]}>
          {fields.map(([name, value]) => (
            <Fact key={name} name={name} value={value} />
          ))}
        </dl>
      ))}
    </section>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{words.names[name] ?? name}</dt>
      <dd>{PEOPLE.includes(name) ? <a href={link("users", { [name]: value })}>{value}</a> : value}</dd>
    </>
  );
}

export function Properties({ properties, row }: { properties: unknown; row: Row }) {
  const entries = Object.entries((properties ?? {}) as Record<string, unknown>);
  return (
    <section class="stack" style={{ gap: "8px" }}>
      <div class="row spread">
        <h3>{words.properties}</h3>
        <Copy text={JSON.stringify(row, null, 2)} label={words.copyAll} />
      </div>
      {entries.length ? (
        <dl class="facts named properties">
          {entries.map(([name, value]) => (
            <Property key={name} name={name} value={value} />
          ))}
        </dl>
      ) : (
        <p class="soft">{words.noProperties}</p>
      )}
    </section>
  );
}

function Property({ name, value }: { name: string; value: unknown }) {
  const { text, nested } = written(value);
  return (
    <>
      <dt class="mono">{name}</dt>
      <dd>{nested ? <pre tabIndex={0} role="region" aria-label={name}>{text}</pre> : <span class="mono">{text}</span>}</dd>
    </>
  );
}
