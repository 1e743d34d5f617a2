/** Numbers as people read them. */

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const share = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });

export const NOTHING = "–";

export function count(value: number | null | undefined): string {
  if (value == null) return NOTHING;
  return Number.isInteger(value) || Math.abs(value) >= 1000 ? whole.format(value) : fine.format(value);
}

/** 1,234 as it is, 12,345 as 12.3K. */
export function compact(value: number | null | undefined): string {
  if (value == null) return NOTHING;
  return Math.abs(value) < 10_000 ? count(value) : short.format(value);
}

/** 0.257 -> 25.7%. */
export function percent(value: number | null | undefined): string {
  return value == null ? NOTHING : share.format(value);
}

/** Seconds -> 4m 05s. */
export function duration(seconds: number | null | undefined): string {
  if (seconds == null) return NOTHING;
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  const all = Math.round(seconds);
  const [days, hours, minutes] = [Math.floor(all / 86_400), Math.floor((all % 86_400) / 3600), Math.floor((all % 3600) / 60)];
  const two = (part: number) => String(part).padStart(2, "0");
  if (days) return `${days}d ${hours}h`;
  if (hours) return `${hours}h ${two(minutes)}m`;
  return minutes ? `${minutes}m ${two(all % 60)}s` : `${all}s`;
}

export function bytes(value: number | null | undefined): string {
  if (value == null) return NOTHING;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const place = value < 1 ? 0 : Math.min(Math.floor(Math.log2(value) / 10), units.length - 1);
  return `${fine.format(Math.round((value / 1024 ** place) * 10) / 10)} ${units[place]}`;
}

/** A share of change: +12%, −3%; beyond tenfold: ×12. */
export function change(value: number): string {
  if (value > 9) return `×${whole.format(value + 1)}`;
  const size = Math.abs(value) < 0.1 ? Math.round(Math.abs(value) * 1000) / 10 : Math.round(Math.abs(value) * 100);
  return `${value < 0 ? "−" : "+"}${size}%`;
}
