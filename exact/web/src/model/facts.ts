/** Facts, and the one fold that turns them into annotations: live equals reload because both come through here. */

import { type Annotation, type Verdict, type Verification, statusOf } from "./annotation";
import { type Vector, vectorFromWire } from "./vector";

/** The fields of a fact's payload that the client reads; the wire leaves defaults out. */
export interface FactData {
  readonly originator_id?: string;
  readonly originator_version?: number;
  readonly at?: string;
  readonly by?: string;
  readonly person_id?: string;
  readonly number?: number;
  readonly image_id?: string;
  readonly unique_identifier?: string;
  readonly annotation_type_id?: string;
  readonly vector?: Partial<Vector> | null;
  readonly description?: string;
  readonly meta_data?: Record<string, unknown> | null;
  readonly reason?: string;
  readonly verdict?: Verdict;
  readonly of_version?: number;
  readonly name?: string;
  readonly count?: number;
  readonly removed?: number;
  readonly kept?: number;
  readonly restored?: number;
  readonly left?: number;
}

export interface Fact {
  readonly position: number;
  readonly name: string;
  readonly stream: string;
  readonly version: number;
  readonly data: FactData;
}

type Fold = (row: Annotation, fact: Fact) => Annotation;

const FOLDS: Record<string, Fold> = {
  AnnotationReshaped: (row, fact) => edited(row, fact, { vector: vectorFromWire(fact.data.vector) }),
  AnnotationReclassified: (row, fact) =>
    edited(row, fact, { annotation_type_id: fact.data.annotation_type_id ?? row.annotation_type_id }),
  AnnotationDescribed: (row, fact) =>
    edited(row, fact, { description: fact.data.description ?? "", meta_data: fact.data.meta_data ?? null }),
  AnnotationRemoved: (row, fact) => ({ ...touched(row, fact), removed: true }),
  AnnotationRestored: (row, fact) => ({ ...touched(row, fact), removed: false }),
  AnnotationVerified: (row, fact) => ({ ...row, verifications: verified(row.verifications, fact) }),
  VerificationWithdrawn: (row, fact) => ({
    ...row,
    verifications: without(row.verifications, fact.data.person_id ?? ""),
  }),
};

/** Is it a fact about an annotation? */
export function concernsAnnotation(name: string): boolean {
  return name === "AnnotationDrawn" || name in FOLDS;
}

const MANY = new Set(["ImportedAnnotationsShown", "ImportedAnnotationsRemoved", "ImportedAnnotationsRestored"]);

/** Does it change annotations without naming them? Then the image's list has to be loaded again. */
export function concernsMany(name: string): boolean {
  return MANY.has(name);
}

/** One annotation after one more fact; a fact that is already in the row changes nothing. */
export function evolve(row: Annotation | undefined, fact: Fact): Annotation | undefined {
  if (row && fact.version <= row.version) return row;
  if (fact.name === "AnnotationDrawn") return drawn(fact);
  const fold = FOLDS[fact.name];
  if (!fold || !row) return row;
  const next = { ...fold(row, fact), version: fact.version };
  return { ...next, status: statusOf(next.verifications, next.content_version) };
}

/** All annotations after one more fact; the given map is left as it is. */
export function apply(
  state: ReadonlyMap<string, Annotation>,
  fact: Fact,
): ReadonlyMap<string, Annotation> {
  const before = state.get(fact.stream);
  const after = evolve(before, fact);
  if (after === before || after === undefined) return state;
  return new Map(state).set(fact.stream, after);
}

function drawn(fact: Fact): Annotation {
  const { data, version } = fact;
  const by = data.by ?? "";
  const at = data.at ?? "";
  return {
    id: fact.stream,
    number: data.number ?? null,
    version,
    content_version: version,
    image_id: data.image_id ?? "",
    unique_identifier: data.unique_identifier ?? fact.stream,
    annotation_type_id: data.annotation_type_id ?? "",
    vector: vectorFromWire(data.vector),
    description: data.description ?? "",
    meta_data: data.meta_data ?? null,
    removed: false,
    created_by: by,
    created_at: at,
    edited_by: by,
    edited_at: at,
    status: "open",
    verifications: [],
  };
}

function touched(row: Annotation, fact: Fact): Annotation {
  return { ...row, edited_by: fact.data.by ?? row.edited_by, edited_at: fact.data.at ?? row.edited_at };
}

function edited(row: Annotation, fact: Fact, fields: Partial<Annotation>): Annotation {
  return { ...touched(row, fact), ...fields, content_version: fact.version };
}

function without(verifications: readonly Verification[], person: string): Verification[] {
  return verifications.filter((one) => one.person_id !== person);
}

function verified(verifications: readonly Verification[], fact: Fact): Verification[] {
  const { by = "", verdict = "accepted", of_version = 0, at = "" } = fact.data;
  return [...without(verifications, by), { person_id: by, verdict, of_version, at }];
}
