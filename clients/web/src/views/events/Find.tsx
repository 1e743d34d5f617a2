/** A field that opens an event by its id. */
import { useState } from "preact/hooks";
import { ask } from "../../address";
import { texts } from "../../texts";
import { eventId, uuidOf } from "./receipt";

const words = texts.events;

export function Find() {
  const [id, set] = useState("");
  const [wrong, setWrong] = useState(false);
  const find = (event: Event) => {
    event.preventDefault();
    const uuid = uuidOf(id);
    setWrong(!uuid);
    if (uuid) ask({ event: eventId(uuid) });
  };
  return (
    <form class="find" role="search" onSubmit={find}>
      <input
        type="search" aria-label={words.find} placeholder={`${words.find}: ${words.findHint}`} autoComplete="off" spellcheck={false} required
        aria-invalid={wrong} aria-describedby={wrong ? "find-wrong" : undefined}
        value={id} onInput={(event) => { set(event.currentTarget.value); setWrong(false); }}
      />
      <button class="button">{words.findSubmit}</button>
      {wrong && <small id="find-wrong" role="alert">{words.findWrong}</small>}
    </form>
  );
}
