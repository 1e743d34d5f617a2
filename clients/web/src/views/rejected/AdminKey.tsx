/** Adds an admin key to the session. What it opens shows up by itself. */
import { useState } from "preact/hooks";
import { ApiError } from "../../api";
import { Problem } from "../../kit/Card";
import { Field } from "../../kit/Controls";
import { signIn } from "../../session";
import { texts } from "../../texts";

const words = texts.rejected.redrive;

export function AdminKey() {
  const [key, setKey] = useState("");
  const [error, setError] = useState<ApiError>();
  const enter = (event: Event) => {
    event.preventDefault();
    signIn(key.trim()).catch((why: unknown) => setError(why instanceof ApiError ? why : new ApiError(0, String(why))));
  };
  return (
    <form class="stack" style={{ gap: "8px" }} onSubmit={enter}>
      <Field label={words.key} hint={words.keyHint}>
        <input type="password" name="admin-key" autoComplete="off" spellcheck={false} required value={key} onInput={(event) => setKey(event.currentTarget.value)} />
      </Field>
      {error && <Problem error={error} />}
      <div class="row"><button class="button">{words.add}</button></div>
    </form>
  );
}
