/** What the service has to say of its answer: something is left out, or not complete. */
import type { Meta } from "../../api";

export function Warnings({ meta, less }: { meta: Meta; less?: RegExp }) {
  const warnings = (meta.warnings ?? []).filter((one) => !less?.test(one));
  if (!warnings.length) return null;
  return <p class="note warn warnings">{warnings.join(" ")}</p>;
}
