/** Funnels. */

export const funnel = {
  proposed: (names: string[]) => `A first proposal, of the events that most visitors had in the last 30 days: ${names.join(", then ")}. Change the steps to ask your own question.`,
  noneTitle: "No events in the last 30 days",
  none: "A funnel needs events. Send some, or name the steps in the address.",
  fewTitle: "Two steps make a funnel",
  few: "Name at least two steps.",
  nobodyTitle: "Nobody took the first step",
  nobody: (event: string) => `There is no ${event} of that kind in the chosen span. Choose a longer one, or another first step.`,
  steps: "Steps",
  result: "How far they come",
  event: (step: number) => `Event of step ${step}`,
  add: "Add a step",
  condition: "+ Only where …",
  up: (step: number) => `Move step ${step} up`,
  down: (step: number) => `Move step ${step} down`,
  remove: (step: number) => `Remove step ${step}`,
  moved: (from: number, to: number) => `Step ${from} is now step ${to}.`,
  removed: (step: number) => `Step ${step} is removed.`,
  window: "Within",
  windowOf: (window: string) => {
    const units: Record<string, string> = { s: "second", m: "minute", h: "hour", d: "day", w: "week" };
    const [amount, unit] = [window.slice(0, -1), units[window.slice(-1)] ?? ""];
    return `${amount} ${unit}${amount === "1" ? "" : "s"}`;
  },
  order: "Order",
  orders: { ordered: "In this order", strict: "Nothing between" },
  strictly: "The next step must be the very next event.",
  by: "Counted by",
  bys: { person: "People", visitor: "Visitors", session: "Visits" },
  whose: (by: string, amount: number) => ({ person: ["person", "people"], visitor: ["visitor", "visitors"], session: ["visit", "visits"] })[by]?.[amount === 1 ? 0 : 1] ?? by,
  breakdown: "Broken down by",
  whole: "Nothing",
  parts: (dimension: string) => `By ${dimension.toLowerCase()}`,
  throughout: "First to last",
  summary: (first: string, whose: string, last: string, share: string) => `${last} of ${first} ${whose} (${share}) take all steps.`,
  worst: (event: string, lost: string, before: string, whose: string, share: string) => `The largest drop is before ${event}: ${lost} of ${before} ${whose} (${share}) do not get there.`,
  largest: "Largest drop",
  fromPrevious: (share: string, before: number) => `${share} of step ${before}`,
  median: (time: string) => `${time} median`,
  dropped: (lost: string) => `${lost} lost`,
  lost: (lost: string, before: string, whose: string, event: string, window: string, share: string) =>
    `${lost} of the ${before} ${whose} of the step before do not get to ${event} within ${window} of the first step: ${share}.`,
  went: (took: string, median: string, mean: string) => `Half of the ${took} who do take less than ${median} for it; the mean is ${mean}.`,
};
