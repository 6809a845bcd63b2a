/** Numbers, sizes and times in words, the same everywhere. */

const NUMBER = new Intl.NumberFormat("en");
const DATE = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric" });
const DATE_TIME = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });

export const count = (n: number): string => NUMBER.format(n);

/** "1 image", "2 images"; the plural only where it is not the singular with an s. */
export const counted = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`;

/** Bytes in steps of 1024, three digits at most: "0 B", "1.9 MB", "12 GB". */
export function bytes(n: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const step = n > 0 ? Math.min(Math.floor(Math.log2(n) / 10), units.length - 1) : 0;
  const value = n / 1024 ** step;
  return `${step === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${units[step]}`;
}

export const speed = (bytesPerSecond: number): string => `${bytes(bytesPerSecond)}/s`;

/** Remaining time: "4 s", "3 min", "1 h 20 min". */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h${minutes % 60 ? ` ${minutes % 60} min` : ""}`;
}

/** How long ago; after a week the date itself. A server's time without an offset is UTC. */
export function ago(time: string, now = Date.now()): string {
  const seconds = (now - instant(time).getTime()) / 1000;
  if (seconds < 45) return "just now";
  if (seconds < 3600) return RELATIVE.format(-Math.max(1, Math.round(seconds / 60)), "minute");
  if (seconds < 86400) return RELATIVE.format(-Math.round(seconds / 3600), "hour");
  if (seconds < 7 * 86400) return RELATIVE.format(-Math.round(seconds / 86400), "day");
  return DATE.format(instant(time));
}

export const when = (time: string): string => DATE_TIME.format(instant(time));
export const day = (time: string): string => DATE.format(instant(time));

/** The day as a heading: "Today", "Yesterday", else the date. */
export function dayName(time: string, now = Date.now()): string {
  const that = day(time);
  if (that === DATE.format(now)) return "Today";
  return that === DATE.format(now - 86_400_000) ? "Yesterday" : that;
}

export function instant(time: string): Date {
  return new Date(/([zZ]|[+-]\d\d:?\d\d)$/.test(time) ? time : `${time}Z`);
}

/** "20,000 × 15,000 px" */
export const pixels = (width: number, height: number): string => `${count(width)} × ${count(height)} px`;

/** The size of one pixel in µm, or in mm from 0.1 mm on; both where they differ; null where the file does not say. */
export function pixelSize(sizes_um: readonly (number | null)[]): string | null {
  const [x, y] = sizes_um;
  if (!x) return null;
  const [unit, per_um] = x >= 100 ? ["mm/px", 1000] : ["µm/px", 1];
  const digits = (n: number) => String(Number((n / per_um).toPrecision(3)));
  return !y || digits(x) === digits(y) ? `${digits(x)} ${unit}` : `${digits(x)} × ${digits(y)} ${unit}`;
}

export const percent = (part: number, whole: number): string => `${whole > 0 ? Math.floor((100 * part) / whole) : 0} %`;

/** The first letters of a person's first and last name. */
export function initials(name: string): string {
  const words = name
    .trim()
    .split(/[\s._-]+/)
    .filter(Boolean);
  const letters = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return (
    letters
      .map((word) => [...(word ?? "")][0])
      .join("")
      .toUpperCase() || "?"
  );
}
