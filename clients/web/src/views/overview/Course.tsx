/** The chosen metric, interval by interval, above the same of the span before. */
import { useAnswer } from "../../answer";
import { get, type Meta } from "../../api";
import { Chart, type Point } from "../../kit/Chart";
import { Empty, Settled } from "../../kit/Card";
import { atClock, ofInterval } from "../../moments";
import { asParameters, intervalOf, question } from "../../question";
import { texts } from "../../texts";
import { shown } from "./metrics";

interface Series {
  value: number | null;
  series: Point[];
}

const words = texts.overview;

export function Course({ metric }: { metric: string }) {
  const asked = question.value;
  const interval = intervalOf(asked);
  const parameters = { ...asParameters(asked), metric, interval, ...(asked.compare && asked.period !== "all" ? { compare: "previous" } : {}) };
  const answer = useAnswer(JSON.stringify(parameters), (signal) => get<Series>("/api/v1/stats", parameters, signal));
  const name = words.metrics[metric as keyof typeof words.metrics];
  return (
    <div class="body" style={{ padding: "8px 12px 12px" }} aria-busy={answer.busy}>
      <Settled asked={answer} lines={8}>
        {({ data, meta }) =>
          data.series.length ? (
            <>
              <Chart
                points={data.series}
                names={[words.this, words.before]}
                show={shown(metric)}
                when={(time, long) => ofInterval(time, interval, long)}
                label={words.course(name)}
              />
              <Fresh meta={meta} />
            </>
          ) : (
            <Empty title={texts.none.title}>{texts.none.inSpan}</Empty>
          )
        }
      </Settled>
    </div>
  );
}

function Fresh({ meta }: { meta: Meta }) {
  const warnings = meta.warnings ?? [];
  return (
    <p class="row spread soft" style={{ fontSize: "12.5px", padding: "4px 4px 0" }}>
      <span>{warnings.join(" ")}</span>
      {meta.fresh_through && <span>{words.fresh(atClock(meta.fresh_through))}</span>}
    </p>
  );
}
