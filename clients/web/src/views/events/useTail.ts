/** The live tail of a view: what is shown of it, what it says of itself. It ends with the view. */
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, get } from "../../api";
import { type Event, follow, type LiveState } from "../../live";
import { arrive, EMPTY, pause, resume, type Tail } from "./tail";
import { refusal } from "./refusal";

/** Events are gathered for so long before the list is drawn anew: a busy project sends hundreds in a second. */
const BEAT_MS = 250;
/** So many of the latest are there at once. */
const START = "50";

interface Page {
  events: Event[];
  cursor: string;
}

export interface Tailing {
  tail: Tail;
  state: LiveState;
  /** Why it is broken, or what was said when it was dropped and came back. */
  why: ApiError | undefined;
  hold: () => void;
  go: () => void;
  again: () => void;
}

/** `parameters`: `event_type` and `filter`, as GET /api/v1/live takes them. */
export function useTail(parameters: Record<string, string>): Tailing {
  const [tail, set] = useState<Tail>(EMPTY);
  const [state, say] = useState<LiveState>("connecting");
  const [why, tell] = useState<ApiError>();
  const [turn, setTurn] = useState(0);
  const come = useRef<Event[]>([]);

  useEffect(() => {
    const control = new AbortController();
    let leave: (() => void) | undefined;
    come.current = [];
    set(EMPTY);
    say("connecting");
    tell(undefined);
    const hear = (next: LiveState, reason?: string) => {
      say(next);
      if (reason) tell(new ApiError(0, reason));
      if (next === "open") tell(undefined);
      if (next === "broken") void refusal(parameters).then((error) => !control.signal.aborted && tell(error));
    };
    const begin = ({ events, cursor }: Page) => {
      if (control.signal.aborted) return;
      set((before) => arrive(before, events));
      leave = follow({ ...parameters, ...(cursor ? { after: cursor } : {}) }, (event) => come.current.push(event), hear);
    };
    begun(parameters, control.signal).then(begin, (error: unknown) => {
      if (control.signal.aborted) return;
      say("broken");
      tell(error instanceof ApiError ? error : new ApiError(0, String(error)));
    });
    const beat = setInterval(() => {
      if (!come.current.length) return;
      const gathered = come.current;
      come.current = [];
      set((before) => arrive(before, gathered));
    }, BEAT_MS);
    return () => {
      control.abort();
      clearInterval(beat);
      leave?.();
    };
  }, [JSON.stringify(parameters), turn]);

  return { tail, state, why, hold: () => set(pause), go: () => set(resume), again: () => setTurn(turn + 1) };
}

/** The latest events and the place behind them, so that nothing is missed in between. Filters are the live tail's alone. */
async function begun(parameters: Record<string, string>, signal: AbortSignal): Promise<Page> {
  if (parameters.filter) return { events: [], cursor: "" };
  return (await get<Page>("/api/v1/events", { ...parameters, limit: START }, signal)).data;
}
