/** The steps, in order: each an event and what must hold of it. Buttons move and remove them; focus stays with the step. */
import { useEffect, useRef, useState } from "preact/hooks";
import { FilterForm, told } from "../../kit/Asked";
import { Menu } from "../../kit/Controls";
import { EventPicker, type EventSeen } from "../../kit/EventPicker";
import { texts } from "../../texts";
import { MOST_STEPS, moved, type Step } from "./asked";

interface StepsProps {
  steps: Step[];
  events: EventSeen[];
  change: (steps: Step[]) => void;
}

const words = texts.funnel;

export function Steps({ steps, events, change }: StepsProps) {
  const list = useRef<HTMLOListElement>(null);
  const [said, say] = useState("");
  const [added, add] = useState(-1);
  const [follow, setFollow] = useState<{ to: number; way: string }>();
  useEffect(() => {
    if (!follow) return;
    const buttons = list.current?.children[follow.to]?.querySelectorAll<HTMLButtonElement>(".ways button:not(:disabled)");
    [...(buttons ?? [])].sort((one) => (one.dataset.way === follow.way ? -1 : 1))[0]?.focus();
  }, [follow]);

  const put = (place: number, step: Step) => change(steps.map((one, at) => (at === place ? step : one)));
  const move = (from: number, to: number) => {
    change(moved(steps, from, to));
    setFollow({ to, way: to < from ? "up" : "down" });
    say(words.moved(from + 1, to + 1));
  };
  const more = () => {
    add(steps.length);
    change([...steps, { event: "", filters: [] }]);
  };
  const drop = (place: number) => {
    change(steps.filter((_, at) => at !== place));
    setFollow({ to: Math.max(0, place - 1), way: "drop" });
    say(words.removed(place + 1));
  };
  return (
    <>
      <ol class="steps" ref={list}>
        {steps.map((step, place) => (
          <li key={place}>
            <span class="place" aria-hidden="true">{place + 1}</span>
            <EventPicker label={words.event(place + 1)} value={step.event} events={events} focus={place === added && !step.event} on={(event) => put(place, { ...step, event })} />
            <Ways place={place} last={steps.length - 1} move={move} drop={drop} />
            <Conditions step={step} put={(next) => put(place, next)} />
          </li>
        ))}
      </ol>
      <button type="button" class="button" disabled={steps.length >= MOST_STEPS} onClick={more}>{words.add}</button>
      <span class="sr" role="status">{said}</span>
    </>
  );
}

const SIGNS = { up: "M8 13V3.5M4 7l4-4 4 4", down: "M8 3v9.500M4 9l4 4 4-4", drop: "M4 4l8 8M12 4l-8 8" };

interface WaysProps {
  place: number;
  last: number;
  move: (from: number, to: number) => void;
  drop: (place: number) => void;
}

function Ways({ place, last, move, drop }: WaysProps) {
  const way = (name: keyof typeof SIGNS, label: string, disabled: boolean, on: () => void) => (
    <button type="button" class="button bare" data-way={name} aria-label={label} title={label} disabled={disabled} onClick={on}>
      <svg width="16" height="16" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.600" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d={SIGNS[name]} /></svg>
    </button>
  );
  return (
    <span class="ways">
      {way("up", words.up(place + 1), place === 0, () => move(place, place - 1))}
      {way("down", words.down(place + 1), place === last, () => move(place, place + 1))}
      {way("drop", words.remove(place + 1), last < 2, () => drop(place))}
    </span>
  );
}

/** What must hold of the step's event: a page, or anything else that can be filtered by. */
function Conditions({ step, put }: { step: Step; put: (step: Step) => void }) {
  return (
    <div class="row conditions">
      {step.filters.map((filter, at) => (
        <span key={JSON.stringify(filter)} class="chip">
          <span title={told(filter)}>{told(filter)}</span>
          <button type="button" aria-label={`${texts.asked.remove} ${told(filter)}`} onClick={() => put({ ...step, filters: step.filters.filter((_, one) => one !== at) })}>✕</button>
        </span>
      ))}
      <Menu label={words.condition} start>
        {(close) => <FilterForm close={close} add={(filter) => put({ ...step, filters: [...step.filters, filter] })} />}
      </Menu>
    </div>
  );
}
