/** The answer of a funnel, and what is read off it. */

export interface StepTaken {
  event: string;
  count: number;
  /** Took the step before and not this one. */
  dropped: number;
  conversion: number | null;
  conversion_from_previous: number | null;
  median_seconds: number | null;
  mean_seconds: number | null;
}

export interface Part {
  value: string;
  steps: StepTaken[];
}

export interface FunnelFound {
  by: string;
  steps: StepTaken[];
  breakdown: Part[] | null;
}

/** The place of the step before which most are lost; undefined where nobody is. */
export function largestDrop(steps: StepTaken[]): number | undefined {
  const most = Math.max(0, ...steps.map((step) => step.dropped));
  return most ? steps.findIndex((step) => step.dropped === most) : undefined;
}

/** Widths of what is kept and what is dropped at a step, in percent of the first step's. */
export function widths(steps: StepTaken[], place: number): { kept: number; dropped: number } {
  const first = steps[0]?.count || 1;
  const step = steps[place];
  return { kept: (100 * (step?.count ?? 0)) / first, dropped: (100 * (step?.dropped ?? 0)) / first };
}
