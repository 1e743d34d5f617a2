/** One row for each cohort, one column for each period behind its start; shaded by share, and always with the number. */
import { count, percent } from "../../figures";
import { ofInterval } from "../../moments";
import { texts } from "../../texts";
import { means, share, strongest, type Cohort, type RetentionFound } from "./cohorts";

interface CohortTableProps {
  found: RetentionFound;
  cohorts: Cohort[];
  /** The last period is not over. */
  incomplete: boolean;
  counts: boolean;
}

const words = texts.retention;

export function CohortTable({ found, cohorts, incomplete, counts }: CohortTableProps) {
  const mean = means(cohorts, incomplete);
  const most = strongest(cohorts);
  const label = words.title(found.interval);
  return (
    <>
      <div class="scroll" tabIndex={0} role="region" aria-label={label}>
        <table class="cohorts" style={{ "--periods": mean.length }}>
          <caption class="sr">{label}</caption>
          <thead>
            <tr>
              <th scope="col">{words.cohort}</th>
              <th scope="col" class="number">{texts.funnel.bys[found.by as keyof typeof texts.funnel.bys]}</th>
              {mean.map((_, n) => <th key={n} scope="col" class="number">{words.later(found.interval, n)}</th>)}
            </tr>
          </thead>
          <tbody>
            {cohorts.map((cohort) => (
              <tr key={cohort.start}>
                <th scope="row">{ofInterval(cohort.start, found.interval)}</th>
                <td class="number size">{count(cohort.size)}</td>
                {mean.map((_, n) => <Cell key={n} cohort={cohort} n={n} most={most} counts={counts} interval={found.interval} open={incomplete && n === cohort.counts.length - 1} />)}
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">{words.mean}</th>
              <td class="number size">{count(cohorts.reduce((sum, cohort) => sum + cohort.size, 0))}</td>
              {mean.map((value, n) => <td key={n} class="number">{percent(value)}</td>)}
            </tr>
          </tfoot>
        </table>
      </div>
      <p class="inset soft legend">
        {incomplete && <span><span class="key" aria-hidden="true" />{words.incomplete}</span>}
        <span>{words.weighted}</span>
      </p>
    </>
  );
}

interface CellProps {
  cohort: Cohort;
  n: number;
  most: number;
  counts: boolean;
  interval: string;
  /** It can still grow. */
  open: boolean;
}

function Cell({ cohort, n, most, counts, interval, open }: CellProps) {
  const came = cohort.counts[n];
  if (came === undefined) return <td class="later" />;
  const part = share(cohort, n);
  const told = words.told(count(came), count(cohort.size), percent(part), interval, n) + (open ? ` ${words.incomplete}` : "");
  return (
    <td class={open ? "number came open" : "number came"} style={{ "--shade": Math.min(1, (part ?? 0) / most) }} title={told}>
      {counts ? count(came) : percent(part)}
      {open && (
        <>
          <span class="star" aria-hidden="true">*</span>
          <span class="sr">{words.open}</span>
        </>
      )}
    </td>
  );
}
