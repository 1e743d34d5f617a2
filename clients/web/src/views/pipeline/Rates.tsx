/** Events a second now, one tile for each outcome; the chosen one's course of an hour is drawn below. */
import { useMemo } from "preact/hooks";
import { ask, parameters } from "../../address";
import { compact } from "../../figures";
import { Chart } from "../../kit/Chart";
import { Empty } from "../../kit/Card";
import { ofInterval } from "../../moments";
import { texts } from "../../texts";
import type { Pipeline } from "./gauges";
import { asRate, course, inHour, OUTCOMES, perSecond, type Outcome } from "./pace";

const words = texts.pipeline;
/** The chart is drawn anew so often, not with every answer: the tip under the pointer stays. */
const REDRAW_MS = 10_000;

export function Rates({ seen, history }: { seen: Pipeline; history: readonly Pipeline[] }) {
  const asked = parameters.value.get("outcome") as Outcome;
  const chosen = OUTCOMES.includes(asked) ? asked : "accepted";
  const { minutes } = seen.rates;
  const turn = Math.floor(Date.parse(seen.now) / REDRAW_MS);
  const points = useMemo(() => course(minutes, chosen), [turn, chosen, seen.project]);
  return (
    <section class="card" aria-label={words.rates}>
      <div class="figures">
        {OUTCOMES.map((outcome) => (
          <button type="button" key={outcome} class="figure" aria-pressed={outcome === chosen} onClick={() => ask({ outcome }, true)}>
            <span class="name">{words.outcomes[outcome]}</span>
            <span class="value">
              {asRate(perSecond(history, outcome))}
              <small> {words.aSecond}</small>
            </span>
            <span class="change">{words.inHour(compact(inHour(minutes, outcome)))}</span>
          </button>
        ))}
      </div>
      <div class="body course">
        {points.length > 1 ? (
          <Chart
            points={points}
            names={[words.outcomes[chosen], ""]}
            show={compact}
            when={(time, long) => ofInterval(time, "minute", long)}
            label={words.course(words.outcomes[chosen])}
            height={220}
          />
        ) : (
          <Empty title={words.noMinutes}>{words.noMinutesWhy}</Empty>
        )}
        <p class="soft caption">{words.courseNote}</p>
      </div>
    </section>
  );
}
