/** Activity as lines: the same deed in a row is one of them, and what is asked again joins what is known. */

import { dayName } from "../design/format";
import type { Activity } from "./shapes";

/** The sentence without its subject, which stands in bold before it, and without its full stop. */
export function deed({ by_name, summary }: Pick<Activity, "by_name" | "summary">): string {
  const words = summary.startsWith(`${by_name} `) ? summary.slice(by_name.length + 1) : summary;
  return words.replace(/\.$/, "");
}

export interface Deeds {
  /** The newest of them. */
  entry: Activity;
  times: number;
  /** Which commands recorded it. */
  commands: Set<string>;
}

/** The same deed of the same person on the same image, several times in a row on one day, is one line. */
export function grouped(entries: Activity[]): Deeds[] {
  const groups: Deeds[] = [];
  for (const entry of entries) {
    const last = groups.at(-1);
    if (last && sameDeed(last.entry, entry)) {
      last.times += 1;
      last.commands.add(entry.command_id);
    } else groups.push({ entry, times: 1, commands: new Set([entry.command_id]) });
  }
  return groups;
}

function sameDeed(a: Activity, b: Activity): boolean {
  return a.by === b.by && a.summary === b.summary && dayName(a.at) === dayName(b.at);
}

/** Lines under the name of their day, in their order. */
export function byDay(lines: Deeds[]): [day: string, lines: Deeds[]][] {
  const days: [string, Deeds[]][] = [];
  for (const line of lines) {
    const name = dayName(line.entry.at);
    const last = days.at(-1);
    if (last?.[0] === name) last[1].push(line);
    else days.push([name, [line]]);
  }
  return days;
}

/** The newest page over what is known; where they do not meet there is a hole, and only the page counts. */
export function joined(known: Activity[], fresh: Activity[]): Activity[] {
  const oldest = fresh.at(-1)?.position ?? 0;
  const rest = known.filter((entry) => entry.position < oldest);
  const meet = known.length > 0 && known[0]!.position >= oldest;
  return meet ? [...fresh, ...rest] : fresh;
}
