/** Where an import stands, in words. */

import { count, counted } from "../design/format";
import type { ImportNews } from "../live/protocol";
import type { Import, ImportState } from "./shapes";

const UNDER_WAY: ImportState[] = ["queued", "checking", "importing", "showing", "running"];

export const underWay = ({ state }: Import): boolean => UNDER_WAY.includes(state);
/** An import that is about to be shown is over in a moment; giving it up would come too late. */
export const cancellable = (one: Import): boolean => underWay(one) && one.state !== "showing";

/** The import after what the socket told of it. */
export const told = (one: Import, { id: _, state, ...figures }: ImportNews): Import => ({ ...one, ...figures, state: state as ImportState });

/** One word for a badge. */
export const WORD: Record<ImportState, string> = {
  queued: "Waiting",
  checking: "Checking",
  importing: "Importing",
  showing: "Importing",
  running: "Importing",
  complete: "Complete",
  refused: "Refused",
  failed: "Failed",
  cancelled: "Cancelled",
  undone: "Undone",
};

export const KIND: Partial<Record<ImportState, string>> = {
  complete: "good",
  refused: "bad",
  failed: "bad",
  cancelled: "warn",
  undone: "warn",
};

/** What is going on, or what has come of it. */
export function sentenceOf(one: Import): string {
  const rows = (n = 0): string => counted(n, "row");
  switch (one.state) {
    case "queued":
      return "Waiting for a worker…";
    case "checking":
      return `Checking: ${rows(one.rows_seen)} read${one.rows_bad ? `, ${count(one.rows_bad)} bad` : ""}…`;
    case "importing":
    case "running":
      return "Importing. Nobody sees any of it before all of it is there…";
    case "showing":
      return "Showing it to everybody…";
    case "complete":
      return `${counted(one.annotation_count ?? 0, "annotation")} on ${counted(one.image_count ?? 0, "image")}.${aside(one)}`;
    case "refused":
      return `${rows(one.rows_bad)} of ${count(one.rows_seen ?? 0)} cannot be imported. Nothing was kept.`;
    case "failed":
      return one.problem || "It could not be imported. Nothing was kept.";
    case "cancelled":
      return "Given up. Nothing of it is shown.";
    case "undone":
      return undone(one);
  }
}

/** "997 annotations were removed; 3 that people have touched stay." */
export function undone({ annotation_count, kept }: Import): string {
  const stay = kept ? `; ${count(kept)} that people have touched ${kept === 1 ? "stays" : "stay"}` : "";
  return `${counted((annotation_count ?? 0) - (kept ?? 0), "annotation")} removed${stay}.`;
}

function aside({ rows_bad }: Import): string {
  return rows_bad ? ` ${counted(rows_bad, "bad row")} set aside.` : "";
}

/** QuPath's files do not name their image. */
export const namesNoImage = (filename: string): boolean => /\.(geo)?json(\.gz)?$/i.test(filename);
