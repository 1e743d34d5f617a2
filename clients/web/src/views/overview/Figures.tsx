/** One tile for each metric; the chosen one's course is drawn below. */
import { useEffect } from "preact/hooks";
import { useAnswer } from "../../answer";
import { raw } from "../../api";
import { change } from "../../figures";
import { Problem } from "../../kit/Card";
import { asQuestion, question } from "../../question";
import { texts } from "../../texts";
import { METRICS, type Metric } from "./metrics";

interface Row {
  metrics: (number | null)[];
  comparison?: { metrics: (number | null)[]; change: (number | null)[] };
}

interface FiguresProps {
  chosen: string;
  choose: (metric: string) => void;
  /** Is told how many events there are, or nothing where that is not known. */
  counted: (events?: number) => void;
}

const EVENTS = METRICS.findIndex((metric) => metric.name === "event_count");

export function Figures({ chosen, choose, counted }: FiguresProps) {
  const body = {
    ...asQuestion(),
    metrics: METRICS.map((metric) => metric.name),
    ...(question.value.compare && question.value.period !== "all" ? { include: { comparison: "previous" } } : {}),
  };
  const asked = useAnswer(JSON.stringify({ ...body, date_range: question.value }), async (signal) => (await raw<{ results: Row[] }>("/api/v2/query", body, signal)).results[0]);
  const events = asked.busy ? undefined : asked.data?.metrics[EVENTS];
  useEffect(() => {
    if (events != null || asked.error) counted(events ?? undefined);
  }, [events, asked.error]);
  if (asked.error) return <div style={{ padding: "16px" }}><Problem error={asked.error} again={asked.again} /></div>;
  return (
    <div class="figures" aria-busy={asked.busy}>
      {METRICS.map((metric, place) => (
        <button type="button" key={metric.name} class="figure" aria-pressed={metric.name === chosen} onClick={() => choose(metric.name)}>
          <span class="name">{texts.overview.metrics[metric.name as keyof typeof texts.overview.metrics]}</span>
          <span class="value">{asked.data ? metric.show(asked.data.metrics[place]) : "…"}</span>
          <Change metric={metric} place={place} row={asked.data} />
        </button>
      ))}
    </div>
  );
}

function Change({ metric, place, row }: { metric: Metric; place: number; row: Row | undefined }) {
  const share = row?.comparison?.change[place];
  const before = row?.comparison?.metrics[place];
  if (before == null) return <span class="change">&nbsp;</span>;
  const kind = !share ? "" : share * metric.good > 0 ? " up" : " down";
  return (
    <span class={`change${kind}`} title={texts.overview.against(metric.show(before))}>
      {share == null ? texts.overview.against(metric.show(before)) : change(share)}
    </span>
  );
}
