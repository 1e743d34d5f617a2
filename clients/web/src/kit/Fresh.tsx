/** Below an answer: what the service warns of, and up to when it is complete. */
import type { Meta } from "../api";
import { atClock } from "../moments";
import { texts } from "../texts";
import "./fresh.css";

export function Fresh({ meta }: { meta: Meta }) {
  return (
    <p class="fresh soft">
      <span>{(meta.warnings ?? []).join(" ")}</span>
      {meta.fresh_through && <span>{texts.overview.fresh(atClock(meta.fresh_through))}</span>}
    </p>
  );
}
