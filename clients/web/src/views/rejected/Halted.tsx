/** Shards that the breaker stopped: why, since when, and a way to let the batch pass. Only an admin key sees them. */
import { useState } from "preact/hooks";
import { ApiError, post } from "../../api";
import { Problem } from "../../kit/Card";
import { Dialog } from "../../kit/Controls";
import { inFull } from "../../moments";
import { texts } from "../../texts";
import type { HaltedShard } from "./groups";

const words = texts.rejected.halted;

export function Halted({ shards, done }: { shards: HaltedShard[]; done: () => void }) {
  return (
    <>
      {shards.map((one) => (
        <Shard key={one.shard} halted={one} done={done} />
      ))}
    </>
  );
}

function Shard({ halted, done }: { halted: HaltedShard; done: () => void }) {
  const [asking, ask] = useState(false);
  const [error, setError] = useState<ApiError>();
  const allow = () => {
    ask(false);
    post(`/api/v1/shards/${halted.shard}/allow`, {}).then(done, (why: unknown) => setError(why instanceof ApiError ? why : new ApiError(0, String(why))));
  };
  return (
    <div class="note bad stack" role="alert" style={{ gap: "8px" }}>
      <strong>{words.title(halted.shard)} {words.since(inFull(halted.since))}</strong>
      <p>{halted.reason}</p>
      <p class="soft">{words.lead}</p>
      {error && <Problem error={error} />}
      <div class="row"><button type="button" class="button" onClick={() => ask(true)}>{words.allow}</button></div>
      {asking && (
        <Dialog title={words.sure} close={() => ask(false)}>
          <p>{words.means}</p>
          <div class="row">
            <button type="button" class="button first" onClick={allow}>{words.go}</button>
            <button type="button" class="button" onClick={() => ask(false)}>{texts.rejected.redrive.cancel}</button>
          </div>
        </Dialog>
      )}
    </div>
  );
}
