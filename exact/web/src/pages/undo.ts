/** Taking a step back that stands in the history of a team or of an image set; the viewer does so for annotations. */

import { toast } from "../design";
import { counted } from "../design/format";
import { undoneInWords } from "../model/undone";
import { deed, type Deeds } from "./deeds";
import { askForm } from "./form-dialog";
import * as rest from "./rest";
import type { Activity } from "./shapes";

/** What it needs to take facts back, by how their names begin; the first that fits. Others are not offered here. */
const NEEDS: readonly (readonly [begins: string, permission: string])[] = [
  ["TeamRenamed", "manage_team"],
  ["Member", "manage_members"],
  ["RoleChanged", "manage_members"],
  ["ImageSet", "manage_sets"],
  ["Product", "manage_sets"],
  ["AnnotationType", "manage_sets"],
  ["Image", "manage_images"],
  ["ImportCompleted", "annotate"],
  ["ImportUndone", "annotate"],
  ["ImportRestored", "annotate"],
  ["DatasetVersionWithdrawn", "freeze"],
];

/** Who looks at the history, and what they may do in its team. */
export interface Reader {
  person: string;
  permissions: readonly string[];
}

/** May this reader take the line back? It is one command, was not taken back yet, and the rights are there. */
export function mayTakeBack({ entry, commands }: Deeds, takenBack: ReadonlySet<string>, { person, permissions }: Reader): boolean {
  const needed = NEEDS.find(([begins]) => entry.name.startsWith(begins))?.[1];
  if (!needed || commands.size > 1 || takenBack.has(entry.command_id)) return false;
  return permissions.includes(needed) && (entry.by === person || permissions.includes("undo_others"));
}

/** The commands that later entries have taken back. */
export const takenBackIn = (entries: readonly Activity[]): Set<string> =>
  new Set(entries.flatMap(({ causation_id }) => causation_id ?? []));

/** Asks, takes it back and says what came of it; true when something was. */
export async function takeBack({ entry, times }: Deeds): Promise<boolean> {
  const undone = await askForm({
    heading: "Undo this?",
    lead: `${entry.by_name} ${deed(entry)}${times > 1 ? ` ${counted(times, "time")}` : ""}. What somebody has built on since stays, and you are told.`,
    action: "Undo",
    testid: "undo-confirm",
    fields: [],
    run: () => rest.undo(entry.command_id),
  });
  if (!undone) return false;
  toast(undoneInWords(undone, () => "Somebody"), undone.left_count === 0 ? "good" : "plain");
  if (undone.undone > 0) window.dispatchEvent(new Event("exact-undone"));
  return undone.undone > 0;
}
