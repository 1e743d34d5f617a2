/** A question and its answer inside a view: asked anew when it changes, the old answer shown until then. */
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "./api";
import { lost } from "./session";

export interface Asked<Data> {
  data: Data | undefined;
  error: ApiError | undefined;
  /** Nothing was answered yet to the question as it is now. */
  busy: boolean;
  again: () => void;
}

/** `key` is the question as text. `every`: ask again so many milliseconds after each answer, while the page is seen. */
export function useAnswer<Data>(key: string, run: (signal: AbortSignal) => Promise<Data>, every = 0): Asked<Data> {
  const [state, set] = useState<{ data?: Data; error?: ApiError; key: string }>({ key: "" });
  const [turn, setTurn] = useState(0);
  const asking = useRef(run);
  asking.current = run;

  useEffect(() => {
    const control = new AbortController();
    let timer = 0;
    const next = () => {
      if (every && !control.signal.aborted) timer = window.setTimeout(once, every);
    };
    const once = () => {
      if (document.hidden) return next();
      asking.current(control.signal).then(
        (data) => {
          if (control.signal.aborted) return;
          set({ data, key });
          next();
        },
        (why: unknown) => {
          if (control.signal.aborted) return;
          const error = why instanceof ApiError ? why : new ApiError(0, String(why));
          if (error.status === 401) lost();
          set((before) => ({ data: before.data, error, key }));
          next();
        },
      );
    };
    once();
    return () => {
      control.abort();
      clearTimeout(timer);
    };
  }, [key, turn, every]);

  return { data: state.data, error: state.error, busy: state.key !== key, again: () => setTurn(turn + 1) };
}
