/** The answer of retention, and what is read off it. */

export interface Cohort {
  start: string;
  size: number;
  /** `counts[n]` came back n periods later. */
  counts: number[];
}

export interface RetentionFound {
  /** Both ends of the widened range, with `/` between. */
  period: string;
  interval: string;
  mode: string;
  by: string;
  cohorts: Cohort[];
}

/** Whether the last period still runs: what is counted in it can grow. */
export function running(found: RetentionFound, now: number): boolean {
  const end = Date.parse(found.period.split("/")[1] ?? "");
  return end > now;
}

/** Cohorts before the first that has anybody say nothing. */
export function peopled(cohorts: Cohort[]): Cohort[] {
  const first = cohorts.findIndex((cohort) => cohort.size > 0);
  return first < 0 ? [] : cohorts.slice(first);
}

export function share(cohort: Cohort, n: number): number | null {
  const came = cohort.counts[n];
  return came === undefined || !cohort.size ? null : came / cohort.size;
}

/** How many of all came back n periods later, by cohorts' sizes; of complete periods alone. `null`: no cohort is that old. */
export function means(cohorts: Cohort[], incomplete: boolean): (number | null)[] {
  const most = Math.max(0, ...cohorts.map((cohort) => cohort.counts.length));
  return Array.from({ length: most }, (_, n) => {
    const old = cohorts.filter((cohort) => n < cohort.counts.length - (incomplete ? 1 : 0));
    const size = old.reduce((sum, cohort) => sum + cohort.size, 0);
    return size ? old.reduce((sum, cohort) => sum + (cohort.counts[n] ?? 0), 0) / size : null;
  });
}

/** The share that is shaded most: the greatest of those who came back later than in the first period. */
export function strongest(cohorts: Cohort[]): number {
  const shares = cohorts.flatMap((cohort) => cohort.counts.map((_, n) => (n ? (share(cohort, n) ?? 0) : 0)));
  return Math.max(0, ...shares) || 1;
}
