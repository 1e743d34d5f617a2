/** A text with suggestions: type to narrow them, arrows to choose, Enter to take. What is not among them may be typed too. */
import { useEffect, useId, useRef, useState } from "preact/hooks";
import "./combobox.css";
import { meant, narrowed, type Suggestion } from "./suggestions";

interface ComboboxProps {
  label: string;
  value: string;
  suggestions: Suggestion[];
  /** Told once it is settled: taken from the list, by Enter, or by going on. */
  on: (value: string) => void;
  placeholder?: string;
  /** The label is shown above, not only told to screen readers. */
  shown?: boolean;
  focus?: boolean;
}

export function Combobox({ label, value, suggestions, on, placeholder, shown = false, focus = false }: ComboboxProps) {
  const name = useId();
  const settled = suggestions.find((one) => one.value === value)?.label ?? value;
  const [draft, type] = useState(settled);
  const [open, unfold] = useState(false);
  const [at, choose] = useState(-1);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (focus) field.current?.focus();
  }, []);
  useEffect(() => type(settled), [settled]);
  useEffect(() => {
    if (at >= 0) document.getElementById(`${name}-${at}`)?.scrollIntoView({ block: "nearest" });
  }, [at]);

  const found = narrowed(suggestions, draft === settled ? "" : draft);
  const fold = () => {
    unfold(false);
    choose(-1);
  };
  const take = (text: string) => {
    fold();
    const next = meant(suggestions, text) ?? value;
    type(suggestions.find((one) => one.value === next)?.label ?? next);
    if (next !== value) on(next);
  };
  const key = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      unfold(true);
      if (found.length) choose(open ? (at + step + found.length) % found.length : 0);
    } else if (event.key === "Enter") take(open && found[at] ? (found[at].label ?? found[at].value) : draft);
    else if (event.key === "Escape" && open) {
      event.stopPropagation();
      type(settled);
      fold();
    } else return;
    event.preventDefault();
  };

  return (
    <div class="combo">
      {shown && <label for={name}>{label}</label>}
      <input
        id={name}
        role="combobox"
        aria-label={shown ? undefined : label}
        aria-expanded={open && found.length > 0}
        aria-controls={`${name}-list`}
        aria-autocomplete="list"
        aria-activedescendant={open && at >= 0 ? `${name}-${at}` : undefined}
        autocomplete="off"
        spellcheck={false}
        ref={field}
        placeholder={placeholder}
        title={draft}
        value={draft}
        onFocus={(event) => event.currentTarget.select()}
        onClick={() => unfold(true)}
        onInput={(event) => {
          type(event.currentTarget.value);
          unfold(true);
          choose(-1);
        }}
        onKeyDown={key}
        onBlur={() => take(draft)}
      />
      {open && found.length > 0 && (
        // A press must not take the focus away before the click tells what was meant.
        <ul id={`${name}-list`} role="listbox" aria-label={label} onMouseDown={(event) => event.preventDefault()}>
          {found.map((one, place) => (
            <li key={one.value} id={`${name}-${place}`} role="option" aria-selected={place === at} onClick={() => take(one.label ?? one.value)}>
              <span>{one.label ?? one.value}</span>
              {one.note && <span>{one.note}</span>}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
