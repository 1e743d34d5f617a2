/** The terms of retention, as a sentence is said: who did this came back to do that. */
import { Select } from "../../kit/Controls";
import { EventPicker, type EventSeen } from "../../kit/EventPicker";
import { texts } from "../../texts";
import "../../kit/terms.css";
import { BY, INTERVALS, MODES, type RetentionAsked } from "./asked";

interface TermsProps {
  retention: RetentionAsked;
  events: EventSeen[];
  change: (changes: Partial<RetentionAsked>) => void;
}

const words = texts.retention;

export function Terms({ retention, events, change }: TermsProps) {
  return (
    <div class="terms-row">
      <EventPicker shown label={words.start} value={retention.start} events={events} any={words.any} on={(start) => change({ start })} />
      <EventPicker shown label={words.back} value={retention.back} events={events} any={words.any} on={(back) => change({ back })} />
      <Select shown label={words.mode} value={retention.mode} options={MODES.map((one) => [one, words.modes(one, retention.interval)])} on={(mode) => change({ mode })} />
      <Select shown label={words.interval} value={retention.interval} options={INTERVALS.map((one) => [one, words.intervals[one]])} on={(interval) => change({ interval })} />
      <Select shown label={texts.funnel.by} value={retention.by} options={BY.map((one) => [one, texts.funnel.bys[one]])} on={(by) => change({ by })} />
    </div>
  );
}
