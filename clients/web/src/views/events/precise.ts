/** Times to the millisecond, in the reader's zone: what a path is told in. */
import { zone } from "../../question";

const format = new Intl.DateTimeFormat("en-GB", {
  timeZone: zone, day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, timeZoneName: "short",
});

/** 21 Nov 2026, 10:41:03.120 CET */
export const precisely = (time: string | number) => format.format(new Date(time));
