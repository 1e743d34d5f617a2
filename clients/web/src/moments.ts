/** Times as people read them, in their own zone. */
import { zone } from "./question";

const parts = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options });
const clock = parts({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const minute = parts({ hour: "2-digit", minute: "2-digit" });
const day = parts({ day: "numeric", month: "short" });
const weekday = parts({ weekday: "short", day: "numeric", month: "short" });
const month = parts({ month: "short", year: "numeric" });
const full = parts({ day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short" });

/** 10:41:03 */
export const atClock = (time: string | number) => clock.format(new Date(time));
/** 21 Nov 2026, 10:41:03 CET */
export const inFull = (time: string | number) => full.format(new Date(time));
/** 21 Nov 10:41 */
export const shortly = (time: string | number) => `${day.format(new Date(time))} ${minute.format(new Date(time))}`;
/** 21 Nov */
export const onDay = (time: string | number) => day.format(new Date(time));

/** The name of an interval of a series. */
export function ofInterval(time: string | number, interval: string, long = false): string {
  const moment = new Date(time);
  if (interval === "minute") return minute.format(moment);
  if (interval === "hour") return long ? `${weekday.format(moment)}, ${minute.format(moment)}` : minute.format(moment);
  if (interval === "month") return month.format(moment);
  return long ? weekday.format(moment) : day.format(moment);
}

/** 3 minutes ago */
export function ago(time: string | number, now = Date.now()): string {
  const seconds = Math.max(0, Math.round((now - new Date(time).getTime()) / 1000));
  if (seconds < 5) return "now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)} h ago` : `${Math.floor(seconds / 86_400)} d ago`;
}
