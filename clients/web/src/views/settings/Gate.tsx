/** What stands in the place of a tab for whoever lacks a key or a project: which, why, and the way to it. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { go } from "../../address";
import { Card, Problem } from "../../kit/Card";
import { Field } from "../../kit/Controls";
import { may, session, signIn } from "../../session";
import { texts } from "../../texts";
import { useDeed } from "./deed";

const words = texts.settings.gate;

interface GateProps {
  kind: "query" | "admin";
  /** What the key is needed for here. */
  why: string;
  /** Nothing here is of one project. */
  global?: boolean;
  children: ComponentChildren;
}

export function Gate({ kind, why, global = false, children }: GateProps) {
  const project = session.value?.project;
  if (may(kind) && (global || project)) return <>{children}</>;
  if (!global && !project && may("admin")) {
    return (
      <Card title={words.noProject}>
        <p class="stack">
          {words.noProjectWhy}
          <span>
            <button type="button" class="button first" onClick={() => go("settings", { tab: "projects" })}>{words.toProjects}</button>
          </span>
        </p>
      </Card>
    );
  }
  return <SignInAlso kind={kind} why={why} />;
}

/** A key beside those of this session. */
function SignInAlso({ kind, why }: { kind: "query" | "admin"; why: string }) {
  const [key, setKey] = useState("");
  const deed = useDeed();
  return (
    <Card title={words.needed[kind]}>
      <form class="stack narrow" onSubmit={(event) => { event.preventDefault(); deed.run(() => signIn(key.trim()), () => setKey("")); }}>
        <p>{why}</p>
        <Field label={words.key[kind]} hint={words.hint[kind]}>
          <input type="password" name="key" autoComplete="off" spellcheck={false} required value={key} onInput={(event) => setKey(event.currentTarget.value)} />
        </Field>
        {deed.error && <Problem error={deed.error} />}
        <span>
          <button class="button first" disabled={deed.busy}>{words.add}</button>
        </span>
      </form>
    </Card>
  );
}
