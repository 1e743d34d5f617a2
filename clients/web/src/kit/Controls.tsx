/** Small things that are pressed, chosen and copied. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { texts } from "../texts";

interface SelectProps {
  label: string;
  value: string;
  options: readonly (readonly [value: string, name: string])[];
  on: (value: string) => void;
  /** The label is shown above, not only told to screen readers. */
  shown?: boolean;
}

export function Select({ label, value, options, on, shown = false }: SelectProps) {
  const select = (
    <select aria-label={shown ? undefined : label} value={value} onChange={(event) => on(event.currentTarget.value)}>
      {options.map(([one, name]) => (
        <option key={one} value={one}>
          {name}
        </option>
      ))}
    </select>
  );
  return shown ? <Field label={label}>{select}</Field> : select;
}

export function Field({ label, hint, children }: { label: string; hint?: ComponentChildren; children: ComponentChildren }) {
  return (
    <label class="field">
      <span>{label}</span>
      {children}
      {hint && <small>{hint}</small>}
    </label>
  );
}

interface TabsProps {
  label: string;
  tabs: readonly (readonly [id: string, name: string])[];
  chosen: string;
  on: (id: string) => void;
}

/** One of several; arrow keys move, as the ARIA pattern has it. */
export function Tabs({ label, tabs, chosen, on }: TabsProps) {
  const at = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const [bar, tab] = [at.current, at.current?.querySelector('[aria-selected="true"]')];
    if (!bar || !tab) return; // on a phone the chosen one is brought into sight, and the page does not move
    const [outer, inner] = [bar.getBoundingClientRect(), tab.getBoundingClientRect()];
    bar.scrollLeft += inner.left + inner.width / 2 - outer.left - outer.width / 2;
  }, [chosen]);
  const move = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const place = tabs.findIndex(([id]) => id === chosen);
    const next = (place + step + tabs.length) % tabs.length;
    on(tabs[next]?.[0] ?? chosen);
    at.current?.querySelectorAll("button")[next]?.focus();
    event.preventDefault();
  };
  return (
    <div class="tabs" role="tablist" aria-label={label} ref={at} onKeyDown={move}>
      {tabs.map(([id, name]) => (
        <button type="button" key={id} role="tab" aria-selected={id === chosen} tabIndex={id === chosen ? 0 : -1} onClick={() => on(id)}>
          {name}
        </button>
      ))}
    </div>
  );
}

/** Text to take away: a command, a snippet, a link. */
export function Code({ text, label }: { text: string; label: string }) {
  return (
    <div class="code">
      <pre tabIndex={0} role="region" aria-label={label}>
        <code>{text}</code>
      </pre>
      <Copy text={text} />
    </div>
  );
}

export function Copy({ text, label = texts.copy.todo }: { text: string; label?: string }) {
  const [done, set] = useState(false);
  useEffect(() => {
    const timer = done ? setTimeout(() => set(false), 1600) : undefined;
    return () => clearTimeout(timer);
  }, [done]);
  return (
    <button type="button" class="button" onClick={() => void take(text).then(set)}>
      <span aria-live="polite">{done ? texts.copy.done : label}</span>
    </button>
  );
}

/** Into the clipboard. Over plain HTTP browsers have none but for what is selected. Tells whether it went well. */
async function take(text: string): Promise<boolean> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text).then(() => true, () => false);
  const area = document.createElement("textarea");
  area.value = text;
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

interface DialogProps {
  title: string;
  close: () => void;
  /** At the right edge, of full height. */
  side?: boolean;
  children: ComponentChildren;
}

/** Modal while it is there; Escape and a click beside it close it, and focus goes back where it was. */
export function Dialog({ title, close, side = false, children }: DialogProps) {
  const at = useRef<HTMLDialogElement>(null);
  const name = useId();
  useEffect(() => {
    const before = document.activeElement;
    at.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog ref={at} class={side ? "side" : undefined} aria-labelledby={name} onClose={close} onClick={(event) => event.target === at.current && close()}>
      <div class="stack">
        <header>
          <h2 id={name}>{title}</h2>
          <button type="button" class="button bare" aria-label={texts.dialog.close} onClick={close}>
            ✕
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}

/** A button that unfolds a small panel; a click elsewhere or Escape folds it again. */
export function Menu({ label, start = false, children }: { label: ComponentChildren; start?: boolean; children: (close: () => void) => ComponentChildren }) {
  const [open, set] = useState(false);
  const at = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const away = (event: Event) => {
      const outside = event instanceof KeyboardEvent ? event.key === "Escape" : !at.current?.contains(event.target as Node);
      if (outside) set(false);
    };
    document.addEventListener("pointerdown", away);
    document.addEventListener("keydown", away);
    return () => {
      document.removeEventListener("pointerdown", away);
      document.removeEventListener("keydown", away);
    };
  }, [open]);
  return (
    <div class="menu" ref={at}>
      <button type="button" class="button" aria-expanded={open} onClick={() => set(!open)}>
        {label}
      </button>
      {open && <div class={start ? "start" : undefined}>{children(() => set(false))}</div>}
    </div>
  );
}
