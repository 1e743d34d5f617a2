/** A secret that is shown this once. */
import { Code } from "../../kit/Controls";
import { texts } from "../../texts";

export function Once({ text, label, warning, close }: { text: string; label: string; warning: string; close: () => void }) {
  return (
    <div class="stack once">
      <p class="note warn" role="alert">
        <strong>{texts.settings.onceTitle}</strong>
        {warning}
      </p>
      <Code label={label} text={text} />
      <button type="button" class="button first" onClick={close}>{texts.settings.onceDone}</button>
    </div>
  );
}
