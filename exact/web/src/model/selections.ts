/** Wishes about all annotations that a filter leaves: what is asked, whom it means, and what is said about the outcome. */

import { counted } from "../design/format";
import type { Annotation, Status } from "./annotation";
import { verdictOf } from "./commands";
import { boundsOf } from "./geometry";
import type { Bounds } from "./vector";

/** So many annotations one command takes at most. */
export const MATCHING_MAX = 10_000;

export type Act = "accept" | "reject" | "reclassify" | "remove" | "restore";

/** What a person asks for; an empty type or status is any. */
export interface Choice {
  readonly act: Act;
  readonly type: string;
  readonly status: "" | Status;
  /** The new type of a reclassification. */
  readonly to: string;
}

/** The server's filter; everything that is given must hold. */
export interface Where {
  readonly annotation_type_id?: string;
  readonly status?: Status;
  /** In whole 1/100 pixels: the bounds of the shape lie inside. */
  readonly region?: Bounds;
  readonly frame?: number;
  readonly plane?: number;
  readonly annotation_ids?: readonly string[];
}

/** One command of the server about one image. */
export interface SelectionWish {
  readonly image_id: string;
  readonly image: { readonly number: number; readonly name: string };
  readonly where: Where;
}

/** An annotation that was left alone, and why. */
export interface LeftAlone {
  readonly annotation_id: string;
  readonly number: number;
  readonly code: string;
  readonly reason: string;
  readonly changed_by?: string;
  readonly image: { readonly number: number; readonly name: string };
}

/** What came of all the commands together. */
export interface Outcome {
  readonly changed: number;
  readonly left_count: number;
  /** The first of those that were left alone. */
  readonly left: readonly LeftAlone[];
  /** Ids of the commands that changed something, oldest first. */
  readonly commands: readonly string[];
  readonly position: number;
  /** Why it ended before all was done. */
  readonly problem: string | null;
}

export const ACTS: Record<Act, { readonly title: string; readonly verb: string; readonly done: string }> = {
  accept: { title: "Accept", verb: "Accept", done: "accepted" },
  reject: { title: "Reject", verb: "Reject", done: "rejected" },
  reclassify: { title: "Change the type of", verb: "Change", done: "given the new type" },
  remove: { title: "Remove", verb: "Remove", done: "removed" },
  restore: { title: "Bring back", verb: "Bring back", done: "brought back" },
};

/** The command's name and own fields. */
export function commandOf({ act, to }: Choice): Record<string, unknown> {
  switch (act) {
    case "accept":
      return { command: "VerifyAnnotations", verdict: "accepted" };
    case "reject":
      return { command: "VerifyAnnotations", verdict: "rejected" };
    case "reclassify":
      return { command: "ReclassifyAnnotations", annotation_type_id: to };
    case "remove":
      return { command: "RemoveAnnotations" };
    case "restore":
      return { command: "RestoreAnnotations" };
  }
}

/** The filter without a place. */
export function whereOf({ type, status }: Choice): Where {
  return { ...(type ? { annotation_type_id: type } : {}), ...(status ? { status } : {}) };
}

/** What is seen of the image, as whole units that hold all of it. */
export function regionOf([left, top, right, bottom]: Bounds): Bounds {
  return [Math.floor(left), Math.floor(top), Math.ceil(right), Math.ceil(bottom)];
}

/** Does the filter leave the annotation? As the server decides it. */
export function leaves(where: Where, row: Annotation): boolean {
  const { annotation_type_id, status, region, frame, plane } = where;
  if (annotation_type_id !== undefined && row.annotation_type_id !== annotation_type_id) return false;
  if (status !== undefined && row.status !== status) return false;
  if (frame !== undefined && row.vector?.frame !== frame) return false;
  if (plane !== undefined && row.vector?.plane !== plane) return false;
  return region === undefined || inside(row, region);
}

function inside({ vector }: Annotation, [left, top, right, bottom]: Bounds): boolean {
  const bounds = vector && boundsOf(vector.points);
  return !!bounds && bounds[0] >= left && bounds[1] >= top && bounds[2] <= right && bounds[3] <= bottom;
}

/** Would the wish change it, on the part of this person? */
export function wouldChange({ act, to }: Choice, row: Annotation, person: string): boolean {
  if (act === "restore") return row.removed;
  if (row.removed) return false;
  if (act === "remove") return true;
  if (act === "reclassify") return row.annotation_type_id !== to;
  return verdictOf(row, person) !== (act === "accept" ? "accepted" : "rejected");
}

/** As many filters as the server takes, each with annotations that it names where there are too many for one. */
export function split(where: Where, ids: readonly string[]): Where[] {
  if (ids.length <= MATCHING_MAX) return [where];
  const parts = Math.ceil(ids.length / MATCHING_MAX);
  return Array.from({ length: parts }, (_, part) => ({ ...where, annotation_ids: ids.slice(part * MATCHING_MAX, (part + 1) * MATCHING_MAX) }));
}

/** "9,998 accepted, 2 left because somebody changed them since." */
export function outcomeInWords(act: Act, { changed, left_count, left }: Outcome): string {
  const done = `${counted(changed, "annotation")} ${ACTS[act].done}`;
  if (left_count === 0) return `${done}.`;
  return `${done}, ${left_count.toLocaleString("en")} left ${reasonOf(left, left_count)}`;
}

function reasonOf(left: readonly LeftAlone[], count: number): string {
  const reasons = new Set(left.map(({ code, reason }) => (code === "changed_since" ? "" : reason)));
  const [only] = reasons;
  if (reasons.size !== 1) return "as they are, for the reasons below.";
  return only === "" ? `because somebody changed ${count === 1 ? "it" : "them"} since.` : `as ${count === 1 ? "it is" : "they are"}: ${only}`;
}

/** What a wish would mean if it were asked now. */
export interface Survey {
  readonly count: number;
  readonly images: number;
  /** What somebody changes after it is left alone. */
  readonly position: number;
  readonly wishes: readonly SelectionWish[];
}

/** An annotation type, as far as a choice needs it. */
export interface Kind {
  readonly id: string;
  readonly number: number;
  readonly name: string;
  readonly color_code: string;
  readonly vector_type: number;
}

/** Types that what has this type may be given instead. */
export function fitting(types: readonly Kind[], from: string): readonly Kind[] {
  const type = types.find(({ id }) => id === from);
  return type ? types.filter((one) => one.vector_type === type.vector_type && one.id !== from) : [];
}

/** A change of type needs a type, and another one of its shape; where there is one it is chosen. */
export function possible(choice: Choice, types: readonly Kind[]): Choice {
  if (choice.act !== "reclassify") return choice;
  const first = types.find(({ id }) => fitting(types, id).length > 0) ?? types[0];
  const type = choice.type || first?.id || "";
  const others = fitting(types, type);
  return { ...choice, type, to: others.some(({ id }) => id === choice.to) ? choice.to : (others[0]?.id ?? "") };
}

/** On one image whose annotations are known here. */
export function surveyOf(
  rows: Iterable<Annotation>, choice: Choice, where: Where, person: string, position: number, image: Omit<SelectionWish, "where">,
): Survey {
  const meant = [...rows].filter((row) => row.id && leaves(where, row) && wouldChange(choice, row, person));
  const wishes = meant.length === 0 ? [] : split(where, meant.map(({ id }) => id)).map((part) => ({ ...image, where: part }));
  return { count: meant.length, images: meant.length > 0 ? 1 : 0, position, wishes };
}
