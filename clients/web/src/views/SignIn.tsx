/** A key, once. A share link brings its own, behind the `#`, where no server and no log sees it. */
import { useEffect, useState } from "preact/hooks";
import { go, view } from "../address";
import { ApiError } from "../api";
import { Card, Problem } from "../kit/Card";
import { Field } from "../kit/Controls";
import mark from "../mark.svg";
import { signIn } from "../session";
import { texts } from "../texts";

const words = texts.signIn;

export function SignIn() {
  const [key, setKey] = useState("");
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState(false);

  const enter = (token: string, refused?: string) => {
    setBusy(true);
    signIn(token).then(
      () => {
        if (["share", "sign-in", ""].includes(view.value)) go("overview");
      },
      (why: unknown) => {
        setBusy(false);
        const told = why instanceof ApiError ? why : new ApiError(0, String(why));
        setError(refused && told.status === 401 ? new ApiError(401, refused) : told);
      },
    );
  };

  useEffect(() => {
    document.title = `${words.title} · ${texts.brand}`;
    const token = location.hash.slice(1);
    if (view.value !== "share") return;
    history.replaceState(null, "", location.pathname + location.search);
    enter(token, words.shareBroken);
  }, []);

  return (
    <main class="page sign-in" id="content">
      <div class="stack" style={{ maxWidth: "420px", margin: "10vh auto 0" }}>
        <div class="row">
          <img src={mark} alt="" width={32} height={32} />
          <h1>{texts.brand}</h1>
        </div>
        <Card>
          <form class="stack" onSubmit={(event) => { event.preventDefault(); enter(key.trim()); }}>
            <p class="soft">{words.lead}</p>
            <Field label={words.key} hint={words.hint}>
              <input
                type="password" name="key" autoComplete="current-password" spellcheck={false} required autoFocus
                value={key} onInput={(event) => setKey(event.currentTarget.value)}
              />
            </Field>
            {error && <Problem error={error} />}
            <button class="button first" disabled={busy}>{busy ? words.busy : words.submit}</button>
          </form>
        </Card>
        <p class="note">{words.local}</p>
      </div>
    </main>
  );
}
