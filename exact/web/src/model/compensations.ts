/** Whether undo would take a fact back: the server's rules, which decide, as far as a page needs them to offer it. */

import type { Annotation } from "./annotation";
import type { FactData } from "./facts";
import { sameVector, vectorFromWire } from "./vector";

/** What a history tells of a fact. */
export interface Recorded {
  readonly name: string;
  readonly version: number;
  readonly by: string;
  readonly causation_id: string | null;
  readonly data: FactData;
}

export interface Asker {
  readonly person: string;
  readonly permissions: readonly string[];
}

/** What the work needs that takes the fact back; for all others it is the right to annotate. */
const NEEDS: Record<string, string> = { AnnotationVerified: "verify", VerificationWithdrawn: "verify", ImageRenamed: "manage_images" };

/** The right to do such work, and for somebody else's the right to undo it. */
export function mayUndo(fact: Recorded, { person, permissions }: Asker): boolean {
  return permissions.includes(NEEDS[fact.name] ?? "annotate") && (fact.by === person || permissions.includes("undo_others"));
}

type Rule = (fact: Recorded, now: Annotation, person: string) => boolean;

const RULES: Record<string, Rule> = {
  AnnotationDrawn: (fact, now) => !cameInBulk(fact) && asDrawn(fact, now) && now.verifications.every((one) => one.person_id === fact.by),
  AnnotationReshaped: ({ data }, now) => !now.removed && sameVector(now.vector, vectorFromWire(data.vector)),
  AnnotationReclassified: ({ data }, now) => !now.removed && now.annotation_type_id === data.annotation_type_id,
  AnnotationDescribed: ({ data }, now) => !now.removed && now.description === (data.description ?? ""),
  AnnotationRemoved: (_, now) => now.removed,
  AnnotationRestored: ({ version }, now) => !now.removed && now.content_version <= version,
  AnnotationVerified: ({ by, data }, now) =>
    now.verifications.some((one) => one.person_id === by && one.verdict === data.verdict && one.of_version === data.of_version),
  VerificationWithdrawn: ({ data }, now, person) =>
    data.person_id === person && data.of_version === now.content_version && now.verifications.every((one) => one.person_id !== person),
};

/** Is what the fact brought still so, and nothing built on it? `now` is the annotation as the server has it. */
export function inForce(fact: Recorded, now: Annotation, person: string): boolean {
  return RULES[fact.name]?.(fact, now, person) ?? false;
}

/** Facts of an import on an image: each takes the one before back. */
const MOVES = new Set(["ImportedAnnotationsShown", "ImportedAnnotationsRemoved", "ImportedAnnotationsRestored"]);

/** The same of what happened to the image itself, or to all annotations of an import; `newest` of its stream. */
export function inForceOnImage({ name, data }: Recorded, newest: boolean, imageName: string): boolean {
  return name === "ImageRenamed" ? data.name === imageName : newest && MOVES.has(name);
}

/** An import is taken back as a whole, not annotation by annotation. */
function cameInBulk({ causation_id }: Recorded): boolean {
  return causation_id !== null;
}

function asDrawn({ data }: Recorded, now: Annotation): boolean {
  return (
    !now.removed &&
    sameVector(now.vector, vectorFromWire(data.vector)) &&
    now.annotation_type_id === data.annotation_type_id &&
    now.description === (data.description ?? "")
  );
}
