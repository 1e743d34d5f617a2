/** One setting: its name, what it does, and the control that fits it. What is wrong stands below. */
import { useId, useState } from "preact/hooks";
import { texts } from "../../texts";
import { lines, MOST, type Name, type Settings, type Trouble } from "./draft";

const words = texts.settings.limits;

interface FieldProps {
  name: Name;
  draft: Settings;
  wrong: Trouble | undefined;
  changed: boolean;
  set: (value: unknown) => void;
}

export function SettingField({ name, draft, wrong, changed, set }: FieldProps) {
  const id = useId();
  const value = draft[name];
  const named = { id, "aria-describedby": `${id}-why`, "aria-invalid": wrong !== undefined };
  return (
    <div class={changed ? "setting changed" : "setting"}>
      <div>
        <label for={id}>{words.fields[name].name}</label>
        <p class="soft" id={`${id}-why`}>{words.fields[name].hint}</p>
        {wrong && <p class="wrong" role="alert">{told(wrong)}</p>}
      </div>
      {typeof value === "boolean" && <input type="checkbox" {...named} checked={value} onChange={(event) => set(event.currentTarget.checked)} />}
      {typeof value === "number" && (
        <span class="amount">
          <input type="number" {...named} min={0} max={MOST[name]} step={1} value={Number.isNaN(value) ? "" : value} onInput={(event) => set(event.currentTarget.valueAsNumber)} />
          <span class="soft">{name === "public_rate" ? words.aMinute : words.days}</span>
        </span>
      )}
      {Array.isArray(value) && <Lines named={named} value={value} set={set} placeholder={name === "origins" ? "https://shop.example" : "customer.email"} />}
      {name === "ip" && (
        <select {...named} value={draft.ip} onChange={(event) => set(event.currentTarget.value)}>
          {Object.entries(words.ip).map(([kept, said]) => <option key={kept} value={kept}>{said}</option>)}
        </select>
      )}
    </div>
  );
}

/** One value a line. The text is as it was typed; what is read of it leaves empty lines out. */
function Lines({ named, value, set, placeholder }: { named: object; value: string[]; set: (value: string[]) => void; placeholder: string }) {
  const [text, write] = useState(value.join("\n"));
  const shown = lines(text).join("\n") === value.join("\n") ? text : value.join("\n");
  return (
    <textarea
      {...named} rows={Math.min(8, Math.max(2, shown.split("\n").length + 1))} spellcheck={false} class="mono" placeholder={placeholder} value={shown}
      onInput={(event) => {
        write(event.currentTarget.value);
        set(lines(event.currentTarget.value));
      }}
    />
  );
}

function told(wrong: Trouble): string {
  const what = "said" in wrong ? wrong.said : words.rules[wrong.rule];
  return wrong.line === undefined ? what : words.inLine(wrong.line, what);
}
