/** Two people changed one annotation: which fields each of them changed, where both did, and what comes out either way. */

import type { Entry } from "../state/entries";
import type { Annotation } from "./annotation";
import { type Change, changesContent, effect } from "./commands";
import { sameVector } from "./vector";

export type Field = "shape" | "type" | "remark";

const NAMES: Record<Field, string> = { shape: "shape", type: "type", remark: "remark" };

export interface Conflict {
  /** As it was when the change was made. */
  readonly seen: Annotation | null;
  /** As somebody else made it. */
  readonly theirs: Annotation;
  /** Theirs with my change on top. */
  readonly mine: Annotation;
  readonly changedByThem: readonly Field[];
  readonly changedByMe: readonly Field[];
  /** In which fields the two results differ. */
  readonly differ: readonly Field[];
}

/** In which fields two states of an annotation differ. */
export function fieldsBetween(a: Annotation, b: Annotation): Field[] {
  const differs: Record<Field, boolean> = {
    shape: !sameVector(a.vector, b.vector),
    type: a.annotation_type_id !== b.annotation_type_id,
    remark: a.description !== b.description,
  };
  return (Object.keys(differs) as Field[]).filter((field) => differs[field]);
}

/** Do the changes name what somebody else changed since, to another end? Then the person decides. */
export function collide(changes: readonly Change[], before: Annotation | null, current: Annotation): boolean {
  if (!before) return true;
  const theirs = fieldsBetween(before, current);
  if (changes.some((change) => change.command === "RemoveAnnotation")) return theirs.length > 0;
  const named = changes.flatMap(fieldsNamedBy);
  const apart = fieldsBetween(changes.reduce(wishedRow, before), current);
  return theirs.some((field) => named.includes(field) && apart.includes(field));
}

function fieldsNamedBy(change: Change): Field[] {
  const names: Record<Field, string> = { shape: "vector", type: "annotation_type_id", remark: "description" };
  return (Object.keys(names) as Field[]).filter((field) => names[field] in change);
}

/** The entry as two versions; `confirmed` is the server's row by now, which may be newer than its answer. */
export function conflictOf(entry: Entry, confirmed: Annotation | undefined, later: readonly Change[] = []): Conflict | null {
  const seen = entry.refusal?.seen ?? entry.before;
  const answered = entry.refusal?.current;
  const theirs = confirmed && confirmed.version >= (answered?.version ?? 0) ? confirmed : answered;
  if (!theirs) return null;
  const wished = (row: Annotation): Annotation => [entry.change, ...later].reduce(wishedRow, row);
  const mine = onTopOf(wished(theirs), entry.change);
  return {
    seen,
    theirs,
    mine,
    changedByThem: seen ? fieldsBetween(seen, theirs) : [],
    changedByMe: seen ? fieldsBetween(seen, wished(seen)) : [],
    differ: fieldsBetween(theirs, mine),
  };
}

/** Whoever changes what was removed brings it back. */
function onTopOf(row: Annotation, change: Change): Annotation {
  return changesContent(change) ? { ...row, removed: false } : row;
}

const NOBODY = { person_id: "", at: "" };

function wishedRow(row: Annotation, change: Change): Annotation {
  return effect(row, change, NOBODY) ?? row;
}

/** "Ben changed the shape and the type of Tumour #12 while you changed its remark." */
export function sentenceOf(conflict: Conflict, who: string, what: string): string {
  const { theirs, mine, changedByThem, changedByMe } = conflict;
  const alike = !theirs.removed && !mine.removed && changedByMe.length > 0 && String(changedByThem) === String(changedByMe);
  if (alike) return `${who} and you changed ${listed(changedByMe, "the")} of ${what}.`;
  const did = theirs.removed ? `removed ${what}` : `changed ${listed(changedByThem, "the")} of ${what}`;
  const done = mine.removed && !theirs.removed ? "removed it" : `changed ${listed(changedByMe, "its")}`;
  return `${who} ${did} while you ${done}.`;
}

function listed(fields: readonly Field[], article: "the" | "its"): string {
  const names = fields.map((field) => `${article} ${NAMES[field]}`);
  if (names.length === 0) return article === "the" ? "something" : "it";
  return names.length === 1 ? names[0]! : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
