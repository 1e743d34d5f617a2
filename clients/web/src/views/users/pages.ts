/** Pages of one question, one below the other: those before stay, the next is asked for with the cursor of the last. */
import { useRef, useState } from "preact/hooks";
import { type Asked, useAnswer } from "../../answer";

interface Page<Row> {
  rows: Row[];
  /** Empty at the end. */
  cursor: string;
}

export interface Pages<Found> {
  asked: Asked<Found>;
  /** Undefined where there is nothing more. */
  more: (() => void) | undefined;
}

/** `key` is the question as text; with another one it begins anew. The answer's `rows` are those of all its pages. */
export function usePages<Row, Found extends Page<Row>>(key: string, run: (cursor: string, signal: AbortSignal) => Promise<Found>): Pages<Found> {
  const [place, set] = useState({ key, cursor: "" });
  const kept = useRef<Row[]>([]);
  const cursor = place.key === key ? place.cursor : "";
  const asked = useAnswer(`${key} ${cursor}`, async (signal) => {
    const found = await run(cursor, signal);
    kept.current = cursor ? [...kept.current, ...found.rows] : found.rows;
    return { ...found, rows: kept.current };
  });
  const next = asked.data?.cursor;
  return { asked, more: next ? () => set({ key, cursor: next }) : undefined };
}
