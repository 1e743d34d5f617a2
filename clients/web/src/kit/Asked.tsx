/** The bar of what is asked: site, span, comparison, filters. All of it stands in the address, so that a link keeps it. */
import { useState } from "preact/hooks";
import { ask } from "../address";
import { onDay } from "../moments";
import { PERIODS, question, write, type Filter } from "../question";
import { session } from "../session";
import { texts } from "../texts";
import { Dialog, Field, Menu, Select } from "./Controls";

const words = texts.asked;
const CUSTOM = "custom";

/** `timed` false: for what has no span, such as what happens now. */
export function Asked({ compare = true, timed = true }: { compare?: boolean; timed?: boolean }) {
  const asked = question.value;
  const sites = session.value?.project?.site_ids ?? [];
  const [choosing, choose] = useState(false);
  const spans = [
    ...PERIODS.map((one) => [one, words.periods[one] ?? one] as const),
    [CUSTOM, asked.from ? `${onDay(asked.from)} – ${asked.to ? onDay(Date.parse(asked.to) - 1) : ""}` : words.custom] as const,
  ];
  const span = (value: string) => (value === CUSTOM ? choose(true) : ask({ period: value, from: "", to: "" }));
  return (
    <div class="row">
      <AddFilter />
      {sites.length > 1 && (
        <Select
          label={words.site}
          value={asked.site}
          options={[["", words.allSites], ...sites.map((site) => [site, site] as const)]}
          on={(site) => ask({ site })}
        />
      )}
      {timed && <Select label={words.period} value={asked.from ? CUSTOM : asked.period} options={spans} on={span} />}
      {compare && (
        <button type="button" class="button" aria-pressed={asked.compare} onClick={() => ask({ compare: asked.compare ? "no" : "" })}>
          {words.compare}
        </button>
      )}
      {choosing && <Custom close={() => choose(false)} />}
    </div>
  );
}

/** Whole days of this zone. */
function Custom({ close }: { close: () => void }) {
  const today = new Date().toLocaleDateString("sv");
  const [from, setFrom] = useState(today);
  const [to, setTo] = useState(today);
  const apply = (event: Event) => {
    event.preventDefault();
    const behind = new Date(`${to}T00:00:00`);
    behind.setDate(behind.getDate() + 1);
    ask({ period: "", from: new Date(`${from}T00:00:00`).toISOString(), to: behind.toISOString() });
    close();
  };
  return (
    <Dialog title={words.customTitle} close={close}>
      <form class="stack" onSubmit={apply}>
        <Field label={words.from}>
          <input type="date" required max={to} value={from} onInput={(event) => setFrom(event.currentTarget.value)} />
        </Field>
        <Field label={words.to}>
          <input type="date" required min={from} value={to} onInput={(event) => setTo(event.currentTarget.value)} />
        </Field>
        <button class="button first">{words.apply}</button>
      </form>
    </Dialog>
  );
}

/** What is filtered by, each with a way to take it back. */
export function Filters() {
  const filters = question.value.filters;
  if (!filters.length) return null;
  return (
    <div class="row" aria-label={words.filters} role="group">
      <ul class="chips">
        {filters.map((filter, place) => (
          <li key={JSON.stringify(filter)} class="chip">
            <span title={told(filter)}>{told(filter)}</span>
            <button type="button" aria-label={`${words.remove} ${told(filter)}`} onClick={() => write(filters.filter((_, one) => one !== place))}>
              ✕
            </button>
          </li>
        ))}
      </ul>
      {filters.length > 1 && (
        <button type="button" class="button bare" onClick={() => write([])}>
          {words.clear}
        </button>
      )}
    </div>
  );
}

/** For good: a function made anew would take the focus back at every stroke. */
const focus = (input: HTMLInputElement | null) => input?.focus();

/** A filter in words; what was not made here is told as it is written. */
export function told(filter: Filter): string {
  const [operator, dimension, values] = filter;
  const how = words.operators[operator];
  if (!how || typeof dimension !== "string") return JSON.stringify(filter);
  const what = words.dimensions[dimension] ?? dimension.replace(/^properties\./, "");
  const named = Array.isArray(values) ? values.map((value) => (value === "" ? texts.none.unknown : String(value))).join(" | ") : "";
  return `${what} ${how} ${named}`.trim();
}

function AddFilter() {
  return (
    <Menu label={`+ ${words.addFilter}`} start>
      {(close) => <FilterForm close={close} />}
    </Menu>
  );
}

/** A filter to be; by itself it joins those that are asked for. */
export function FilterForm({ close, add = (filter) => write([...question.value.filters, filter]) }: { close: () => void; add?: (filter: Filter) => void }) {
  const [dimension, setDimension] = useState("page");
  const [property, setProperty] = useState("");
  const [operator, setOperator] = useState("is");
  const [value, setValue] = useState("");
  const bare = operator === "is_set" || operator === "is_not_set";
  const apply = (event: Event) => {
    event.preventDefault();
    const of = dimension === "properties" ? `properties.${property}` : dimension;
    add(bare ? [operator, of] : [operator, of, [value]]);
    close();
  };
  return (
    <form class="stack" style={{ gap: "10px" }} onSubmit={apply}>
      <Select label={words.dimension} shown value={dimension} options={Object.entries(words.dimensions)} on={setDimension} />
      {dimension === "properties" && (
        <Field label={words.property}>
          <input required value={property} onInput={(event) => setProperty(event.currentTarget.value)} />
        </Field>
      )}
      <Select label={words.operator} shown value={operator} options={Object.entries(words.operators)} on={setOperator} />
      {!bare && (
        <Field label={words.value}>
          <input required ref={focus} value={value} onInput={(event) => setValue(event.currentTarget.value)} />
        </Field>
      )}
      <button class="button first">{words.apply}</button>
    </form>
  );
}
