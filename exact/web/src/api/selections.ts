/** Asking for set-wide wishes, and taking them back by the ids of their commands. */

import type { Annotation } from "../model/annotation";
import type { Left } from "../state/entries";
import { request } from "./client";

const API = "/api/v1";
const PAGE = 200;

/** What one command of a selection answers. */
export interface SelectionAnswer {
  readonly command_id: string;
  readonly position: number;
  readonly changed: number;
  readonly left_count: number;
  readonly left: readonly {
    readonly annotation_id: string;
    readonly number: number;
    readonly code: string;
    readonly reason: string;
    readonly changed_by?: string;
  }[];
}

export interface UndoAnswer {
  readonly command_id: string;
  readonly position: number;
  readonly undone: number;
  readonly left_count: number;
  readonly left: readonly Left[];
}

/** One command under a key that makes sending it again harmless; `deed` is the id of all that belong together. */
export function sendTogether<T>(body: Record<string, unknown>, key: string, deed: string): Promise<T> {
  return request<T>("POST", `${API}/commands/`, body, { "Idempotency-Key": key, "Exact-Correlation": deed });
}

export interface TypeProgress {
  readonly annotation_type: number;
  readonly count: number;
  readonly open: number;
  readonly accepted: number;
  readonly rejected: number;
}

export interface SetProgress {
  readonly position: number;
  readonly images: readonly { readonly image: number; readonly name: string; readonly types: readonly TypeProgress[] }[];
}

/** The counts of a set, at least as new as what the person has seen. */
export const progressOf = (set: number, seen: number): Promise<SetProgress> =>
  request("GET", `${API}/images/image_sets/${set}/progress/${seen ? `?min_position=${seen}` : ""}`);

export interface ImageOfSet {
  readonly id: number;
  readonly uuid: string;
  readonly name: string;
}

export async function imagesOf(set: number): Promise<readonly ImageOfSet[]> {
  const found: ImageOfSet[] = [];
  for (;;) {
    const url = `${API}/images/images/?image_set=${set}&omit=annotations&limit=${PAGE}&offset=${found.length}`;
    const page = await request<{ count: number; results: readonly ImageOfSet[] }>("GET", url);
    found.push(...page.results);
    if (found.length >= page.count || page.results.length === 0) return found;
  }
}

/** How many removed ones of a type, or of any, there are on the images of a set. */
export async function removedIn(set: number, type: number | null): Promise<number> {
  const of = type === null ? "" : `&annotation_type=${type}`;
  return (await request<{ count: number }>("GET", `${API}/annotations/annotations/count/?image__image_set=${set}&deleted=true${of}`)).count;
}

export const annotationsOf = (image: number): Promise<{ readonly annotations: readonly Annotation[] }> =>
  request("GET", `${API}/images/images/${image}/annotations/`);
