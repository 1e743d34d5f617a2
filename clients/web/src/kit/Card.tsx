/** A titled surface, and what may stand in it instead of content: a problem, nothing, not yet. */
import type { ComponentChildren } from "preact";
import type { ApiError } from "../api";
import { texts } from "../texts";

interface CardProps {
  title?: ComponentChildren;
  actions?: ComponentChildren;
  /** An older answer is shown until the new one is there. */
  busy?: boolean;
  /** Content reaches the edges: tables, figures. */
  flush?: boolean;
  children: ComponentChildren;
}

export function Card({ title, actions, busy = false, flush = false, children }: CardProps) {
  return (
    <section class="card" aria-busy={busy}>
      {(title || actions) && (
        <header>
          {title && <h2>{title}</h2>}
          {actions}
        </header>
      )}
      <div class={flush ? "body flush" : "body"}>{children}</div>
    </section>
  );
}

/** What went wrong, in the service's own words, and a way to try again. */
export function Problem({ error, again }: { error: ApiError; again?: () => void }) {
  return (
    <div class="note bad" role="alert">
      <strong>{error.status === 0 ? texts.problem.unreachable : texts.problem.refused}</strong>
      {error.message}
      {error.details.map((one) => (
        <div key={one.field}>
          <code>{one.field}</code>: {one.message}
        </div>
      ))}
      {again && (
        <p>
          <button type="button" class="button" onClick={again}>
            {texts.problem.again}
          </button>
        </p>
      )}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <strong>{title}</strong>
      {children}
    </div>
  );
}

/** Grey lines in the shape of what is to come. */
export function Skeleton({ lines = 6, height = 22 }: { lines?: number; height?: number }) {
  return (
    <div class="stack" style={{ gap: "8px" }} role="status" aria-label={texts.problem.waiting}>
      {Array.from({ length: lines }, (_, line) => (
        <div key={line} class="skeleton" style={{ height: `${height}px`, width: `${100 - ((line * 17) % 45)}%` }} />
      ))}
    </div>
  );
}

/** A part of a view by how far its answer is. */
export function Settled<Data>({ asked, lines, children }: {
  asked: { data: Data | undefined; error: ApiError | undefined; again: () => void };
  lines?: number;
  children: (data: Data) => ComponentChildren;
}) {
  if (asked.error) return <Problem error={asked.error} again={asked.again} />;
  return asked.data === undefined ? <Skeleton lines={lines} /> : <>{children(asked.data)}</>;
}
