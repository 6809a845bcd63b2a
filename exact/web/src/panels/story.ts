/** The history of one annotation in words: each fact as what a person did. */

import type { HistoryFact } from "../api/history";
import type { Annotation } from "../model/annotation";
import { type Fact, type FactData, evolve } from "../model/facts";

export interface Chapter {
  readonly fact: HistoryFact;
  readonly words: string;
  /** The annotation as it was after the fact. */
  readonly after: Annotation;
  /** Did the outline become another one? */
  readonly reshaped: boolean;
}

const VERDICTS: Record<string, string> = { accepted: "accepted version", rejected: "rejected version" };

/** One sentence without the name: "reshaped it". */
function wordsFor({ name, data }: HistoryFact, typeName: (id: string) => string): string {
  const fields = data as FactData;
  switch (name) {
    case "AnnotationDrawn":
      return `${fields.vector ? "drew it" : "set it"} as ${typeName(fields.annotation_type_id ?? "")}`;
    case "AnnotationReshaped":
      return "changed the outline";
    case "AnnotationReclassified":
      return `changed the type to ${typeName(fields.annotation_type_id ?? "")}`;
    case "AnnotationDescribed":
      return fields.description ? `wrote “${fields.description}”` : "cleared the remark";
    case "AnnotationRemoved":
      return fields.reason ? `removed it (${fields.reason})` : "removed it";
    case "AnnotationRestored":
      return "restored it";
    case "AnnotationVerified":
      return `${VERDICTS[fields.verdict ?? ""] ?? "verified version"} ${fields.of_version ?? ""}`;
    case "VerificationWithdrawn":
      return "took the verdict back";
    default:
      return "changed it";
  }
}

/** Newest first. `stream` is the annotation's uuid. */
export function storyOf(facts: readonly HistoryFact[], stream: string, typeName: (id: string) => string): Chapter[] {
  const chapters: Chapter[] = [];
  let row: Annotation | undefined;
  for (const fact of facts) {
    const { name, position, version } = fact;
    const data = { by: fact.by, at: fact.at, ...(fact.data as FactData) };
    row = evolve(row, { name, position, version, stream, data } satisfies Fact);
    if (!row) continue;
    const reshaped = name === "AnnotationDrawn" || name === "AnnotationReshaped";
    chapters.push({ fact, words: wordsFor(fact, typeName), after: row, reshaped });
  }
  return chapters.toReversed();
}
