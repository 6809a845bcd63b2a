/** Changes a person can wish for: what each one does at once on the screen, what undoes it, what it is called. */

import { type Annotation, type Verdict, statusOf } from "./annotation";
import { type Vector, sameVector } from "./vector";

export interface Draw {
  readonly command: "DrawAnnotation";
  readonly image_id: string;
  readonly annotation_type_id: string;
  readonly vector: Vector | null;
  readonly description: string;
  readonly meta_data: Record<string, unknown> | null;
  readonly unique_identifier: string;
}

/** Several fields at once; only those that are given change. */
export interface Edit {
  readonly command: "EditAnnotation";
  readonly vector?: Vector | null;
  readonly annotation_type_id?: string;
  readonly description?: string;
  readonly meta_data?: Record<string, unknown> | null;
  readonly removed?: boolean;
}

/** A command without the annotation's id, which an unsent drawing does not have yet. */
export type Change =
  | Draw
  | Edit
  | { readonly command: "ReshapeAnnotation"; readonly vector: Vector | null }
  | { readonly command: "ReclassifyAnnotation"; readonly annotation_type_id: string }
  | {
      readonly command: "DescribeAnnotation";
      readonly description: string;
      readonly meta_data: Record<string, unknown> | null;
    }
  | { readonly command: "RemoveAnnotation"; readonly reason: string }
  | { readonly command: "RestoreAnnotation" }
  | { readonly command: "VerifyAnnotation"; readonly verdict: Verdict }
  | { readonly command: "WithdrawVerification" };

/** Who does it and when, as the screen shows it until the server's own stamp arrives. */
export interface Doer {
  readonly person_id: string;
  readonly at: string;
}

/** Does it change what a verification is given for? */
export function changesContent(change: Change): boolean {
  return ["DrawAnnotation", "EditAnnotation", "ReshapeAnnotation", "ReclassifyAnnotation", "DescribeAnnotation"].includes(
    change.command,
  );
}

/** Does it need to know the version it was made on (If-Match)? */
export function needsVersion(change: Change): boolean {
  return change.command !== "DrawAnnotation" && (changesContent(change) || change.command === "RemoveAnnotation");
}

/** The new geometry it wishes for, undefined when it wishes for none. */
export function wishedVector(change: Change): Vector | null | undefined {
  return "vector" in change ? change.vector : undefined;
}

/** The row as it will be once the server agrees. */
export function effect(row: Annotation | undefined, change: Change, doer: Doer): Annotation | undefined {
  if (change.command === "DrawAnnotation") return row ?? drawnRow(change, doer);
  if (!row) return undefined;
  switch (change.command) {
    case "RemoveAnnotation":
      return { ...row, removed: true };
    case "RestoreAnnotation":
      return { ...row, removed: false };
    case "VerifyAnnotation":
      return withVerdict(row, change.verdict, doer);
    case "WithdrawVerification":
      return withVerdict(row, null, doer);
    default:
      return edited(row, change, doer);
  }
}

function edited(row: Annotation, change: Change, doer: Doer): Annotation {
  const { command, ...fields } = change as Edit;
  return { ...row, ...fields, edited_by: doer.person_id, edited_at: doer.at, status: "open" };
}

function withVerdict(row: Annotation, verdict: Verdict | null, doer: Doer): Annotation {
  const others = row.verifications.filter((one) => one.person_id !== doer.person_id);
  const mine = { person_id: doer.person_id, of_version: row.content_version, at: doer.at };
  const verifications = verdict ? [...others, { ...mine, verdict }] : others;
  return { ...row, verifications, status: statusOf(verifications, row.content_version) };
}

function drawnRow(change: Draw, doer: Doer): Annotation {
  return {
    id: "",
    number: null,
    version: 0,
    content_version: 0,
    image_id: change.image_id,
    unique_identifier: change.unique_identifier,
    annotation_type_id: change.annotation_type_id,
    vector: change.vector,
    description: change.description,
    meta_data: change.meta_data,
    removed: false,
    created_by: doer.person_id,
    created_at: doer.at,
    edited_by: doer.person_id,
    edited_at: doer.at,
    status: "open",
    verifications: [],
  };
}

/** Drawing the row anew, as it is. */
export function drawAgain(row: Annotation, uniqueIdentifier = row.unique_identifier): Draw {
  return {
    command: "DrawAnnotation",
    image_id: row.image_id,
    annotation_type_id: row.annotation_type_id,
    vector: row.vector,
    description: row.description,
    meta_data: row.meta_data,
    unique_identifier: uniqueIdentifier,
  };
}

/** What makes one state of an annotation of another. */
export function difference(from: Annotation, to: Annotation): Change {
  if (to.removed) return { command: "RemoveAnnotation", reason: "" };
  return {
    command: "EditAnnotation",
    ...(from.removed ? { removed: false } : {}),
    ...(sameVector(from.vector, to.vector) ? {} : { vector: to.vector }),
    ...(from.annotation_type_id === to.annotation_type_id ? {} : { annotation_type_id: to.annotation_type_id }),
    ...(from.description === to.description ? {} : { description: to.description }),
  };
}

/** The valid verdict of that person, null when there is none. */
export function verdictOf(row: Annotation, person: string): Verdict | null {
  const mine = row.verifications.find((one) => one.person_id === person && one.of_version === row.content_version);
  return mine?.verdict ?? null;
}

/** What undoes the change, seen from the row before it; null when nothing would. */
export function inverse(before: Annotation | undefined, change: Change, person: string): Change | null {
  if (change.command === "DrawAnnotation") return { command: "RemoveAnnotation", reason: "undone" };
  if (!before) return null;
  switch (change.command) {
    case "ReshapeAnnotation":
      return { command: "ReshapeAnnotation", vector: before.vector };
    case "ReclassifyAnnotation":
      return { command: "ReclassifyAnnotation", annotation_type_id: before.annotation_type_id };
    case "DescribeAnnotation":
      return { command: "DescribeAnnotation", description: before.description, meta_data: before.meta_data };
    case "RemoveAnnotation":
      return { command: "RestoreAnnotation" };
    case "RestoreAnnotation":
      return { command: "RemoveAnnotation", reason: "undone" };
    case "EditAnnotation":
      return inverseOfEdit(before, change);
    case "VerifyAnnotation":
    case "WithdrawVerification": {
      const verdict = verdictOf(before, person);
      return verdict ? { command: "VerifyAnnotation", verdict } : { command: "WithdrawVerification" };
    }
  }
}

function inverseOfEdit(before: Annotation, change: Edit): Edit {
  const names = (["vector", "annotation_type_id", "description", "meta_data", "removed"] as const).filter(
    (name) => name in change,
  );
  return { command: "EditAnnotation", ...Object.fromEntries(names.map((name) => [name, before[name]])) };
}

/** Is the row still as the change left it? If not, somebody changed the same thing after it. */
export function stillStands(row: Annotation, change: Change): boolean {
  switch (change.command) {
    case "ReshapeAnnotation":
      return !row.removed && sameVector(row.vector, change.vector);
    case "ReclassifyAnnotation":
      return !row.removed && row.annotation_type_id === change.annotation_type_id;
    case "DescribeAnnotation":
      return !row.removed && row.description === change.description;
    case "RemoveAnnotation":
      return row.removed;
    case "DrawAnnotation":
      return !row.removed && sameVector(row.vector, change.vector) && row.annotation_type_id === change.annotation_type_id;
    case "RestoreAnnotation":
      return !row.removed;
    case "EditAnnotation":
      return stillAs(row, change);
    default:
      return true;
  }
}

function stillAs(row: Annotation, { vector, annotation_type_id, description, removed = false }: Edit): boolean {
  return (
    row.removed === removed &&
    (vector === undefined || sameVector(row.vector, vector)) &&
    (annotation_type_id === undefined || row.annotation_type_id === annotation_type_id) &&
    (description === undefined || row.description === description)
  );
}

/** One wish after another on something the server has not seen: both as one; null when they do not fit together. */
export function merged(first: Change, second: Change): Change | null {
  if (first.command === "DrawAnnotation" || first.command === "EditAnnotation") {
    if (!changesContent(second) || second.command === "DrawAnnotation") return null;
    const { command, ...fields } = second as Edit;
    return { ...first, ...fields } as Change;
  }
  return first.command === second.command ? second : null;
}

const WORDS: Record<Change["command"], string> = {
  DrawAnnotation: "drawing",
  EditAnnotation: "edit",
  ReshapeAnnotation: "new outline",
  ReclassifyAnnotation: "change of type",
  DescribeAnnotation: "remark",
  RemoveAnnotation: "removal",
  RestoreAnnotation: "restoring",
  VerifyAnnotation: "verdict",
  WithdrawVerification: "withdrawal of a verdict",
};

/** The change as a noun for sentences: "Your new outline was not saved". */
export function nounFor(change: Change): string {
  return WORDS[change.command];
}
