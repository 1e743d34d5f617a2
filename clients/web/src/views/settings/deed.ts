/** Something that changes things: asked for once, at work, or refused. */
import { useState } from "preact/hooks";
import { ApiError } from "../../api";

export interface Deed {
  busy: boolean;
  error: ApiError | undefined;
  /** `then` runs after it was done. */
  run: <Result>(what: () => Promise<Result>, then: (result: Result) => void) => void;
}

export function useDeed(): Deed {
  const [state, set] = useState<{ busy: boolean; error?: ApiError }>({ busy: false });
  const run: Deed["run"] = (what, then) => {
    set({ busy: true });
    what().then(
      (result) => {
        set({ busy: false });
        then(result);
      },
      (why: unknown) => set({ busy: false, error: why instanceof ApiError ? why : new ApiError(0, String(why)) }),
    );
  };
  return { busy: state.busy, error: state.error, run };
}
