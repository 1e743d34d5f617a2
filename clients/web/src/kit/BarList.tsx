/** Values with bars behind them, the greatest first. A click filters by the value. */
import { compact, count } from "../figures";
import { texts } from "../texts";
import { Empty } from "./Card";

export interface Bar {
  /** As it is asked for; empty where it is not known. */
  value: string;
  label?: string;
  amount: number;
}

interface BarListProps {
  name: string;
  unit: string;
  bars: Bar[];
  picked?: (value: string) => boolean;
  pick?: (value: string) => void;
}

export function BarList({ name, unit, bars, picked, pick }: BarListProps) {
  if (!bars.length) return <Empty title={texts.none.title}>{texts.none.inSpan}</Empty>;
  const most = Math.max(...bars.map((bar) => bar.amount), 1);
  return (
    <div class="bars">
      <div class="caption">
        <span>{name}</span>
        <span>{unit}</span>
      </div>
      <ul>
        {bars.map((bar) => {
          const label = bar.label || bar.value || texts.none.unknown;
          const amount = (
            <>
              <span class="label" title={label}>
                {label}
              </span>
              <span title={count(bar.amount)}>{compact(bar.amount)}</span>
            </>
          );
          return (
            <li key={bar.value} style={{ "--share": (100 * bar.amount) / most }}>
              <span class="bar" aria-hidden="true" />
              {pick ? (
                <button type="button" class="line" aria-pressed={picked?.(bar.value) ?? false} onClick={() => pick(bar.value)}>
                  {amount}
                </button>
              ) : (
                <span class="line">{amount}</span>
              )}
            </li>
          );
        })}
      </ul>
    </div>
  );
}
