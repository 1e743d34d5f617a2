/** The terms of a funnel: in what time, in what order, by whom, and by what it is broken down. */
import { Field, Select } from "../../kit/Controls";
import { PropertySelect } from "../../kit/PropertySelect";
import { texts } from "../../texts";
import { BREAKDOWNS, BY, ORDERS, WINDOWS, type FunnelAsked } from "./asked";

const words = texts.funnel;

export function Terms({ funnel, change }: { funnel: FunnelAsked; change: (changes: Partial<FunnelAsked>) => void }) {
  const windows: string[] = (WINDOWS as readonly string[]).includes(funnel.window) ? [...WINDOWS] : [funnel.window, ...WINDOWS];
  return (
    <div class="terms">
      <Select shown label={words.window} value={funnel.window} options={windows.map((one) => [one, words.windowOf(one)])} on={(window) => change({ window })} />
      <Select shown label={words.by} value={funnel.by} options={BY.map((one) => [one, words.bys[one]])} on={(by) => change({ by })} />
      <Field label={words.order} hint={funnel.order === "strict" ? words.strictly : undefined}>
        <select value={funnel.order} onChange={(event) => change({ order: event.currentTarget.value })}>
          {ORDERS.map((one) => <option key={one} value={one}>{words.orders[one]}</option>)}
        </select>
      </Field>
      <PropertySelect label={words.breakdown} none={words.whole} dimensions={BREAKDOWNS} value={funnel.breakdown} on={(breakdown) => change({ breakdown })} />
    </div>
  );
}
