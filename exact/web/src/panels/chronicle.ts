/** The history of a whole image as steps: what one command did is one line, however many annotations it touched. */

import type { HistoryFact } from "../api/history";
import { counted } from "../design/format";
import type { FactData } from "../model/facts";

export interface Step {
  readonly command: string;
  /** Newest first. */
  readonly facts: readonly HistoryFact[];
  /** The annotations it touched, each once. */
  readonly streams: readonly string[];
}

/** A chunk of an import is not seen before the whole import is shown, and that is a fact of its own. */
const UNSEEN = new Set(["AnnotationsImported"]);

/** `facts` newest first, as the history gives them; the facts of a command stand together. */
export function stepsOf(facts: readonly HistoryFact[]): Step[] {
  const steps: HistoryFact[][] = [];
  for (const fact of facts) {
    if (UNSEEN.has(fact.name)) continue;
    const last = steps.at(-1);
    if (last?.[0]?.command_id === fact.command_id) last.push(fact);
    else steps.push([fact]);
  }
  return steps.map((facts) => ({ command: facts[0]!.command_id, facts, streams: [...new Set(facts.map((fact) => fact.stream_id))] }));
}

export interface Names {
  /** "tumour #12" */
  readonly annotation: (stream: string) => string;
  readonly type: (id: string) => string;
}

/** What a person did, without the name: "reshaped tumour #12", "accepted 40 annotations". */
export function deedOf({ facts, streams }: Step, names: Names): string {
  const oldestFirst = facts.toReversed();
  if (streams.length === 1) return joined([...new Set(oldestFirst.map((fact) => wordsFor(fact, names)))]);
  const verbs = [...new Set(oldestFirst.map(verbOf))];
  return `${verbs.length === 1 ? verbs[0] : "changed"} ${counted(streams.length, "annotation")}`;
}

function joined(sentences: readonly string[]): string {
  return sentences.length < 2 ? (sentences[0] ?? "") : `${sentences.slice(0, -1).join(", ")} and ${sentences.at(-1)}`;
}

const VERDICTS: Record<string, string> = { accepted: "accepted", rejected: "rejected" };

/** For a deed on many annotations. */
function verbOf({ name, data }: HistoryFact): string {
  if (name === "AnnotationVerified") return VERDICTS[(data as FactData).verdict ?? ""] ?? "verified";
  return VERBS[name] ?? "changed";
}

const VERBS: Record<string, string> = {
  AnnotationDrawn: "drew",
  AnnotationReshaped: "changed the outlines of",
  AnnotationReclassified: "changed the type of",
  AnnotationDescribed: "changed the remarks of",
  AnnotationRemoved: "removed",
  AnnotationRestored: "restored",
  VerificationWithdrawn: "took back the verdicts on",
};

function wordsFor(fact: HistoryFact, { annotation, type }: Names): string {
  const data = fact.data as FactData;
  const what = annotation(fact.stream_id);
  switch (fact.name) {
    case "AnnotationReshaped":
      return `changed the outline of ${what}`;
    case "AnnotationReclassified":
      return `changed the type of ${what} to ${type(data.annotation_type_id ?? "")}`;
    case "AnnotationDescribed":
      return data.description ? `wrote “${data.description}” on ${what}` : `cleared the remark of ${what}`;
    case "VerificationWithdrawn":
      return `took back the verdict on ${what}`;
    default:
      return fact.name in VERBS || fact.name === "AnnotationVerified" ? `${verbOf(fact)} ${what}` : wordsForImage(fact.name, data);
  }
}

/** What happened to the image itself, or to many at once by an import. */
function wordsForImage(name: string, { name: called, count, removed, restored }: FactData): string {
  switch (name) {
    case "ImageRegistered":
      return "uploaded the image";
    case "ImageRenamed":
      return `renamed the image to “${called ?? ""}”`;
    case "ImageWithdrawn":
      return "withdrew the image";
    case "ImageRestored":
      return "restored the image";
    case "ImportedAnnotationsShown":
      return `imported ${counted(count ?? 0, "annotation")}`;
    case "ImportedAnnotationsRemoved":
      return `took back ${counted(removed ?? 0, "annotation")} of an import`;
    case "ImportedAnnotationsRestored":
      return `brought back ${counted(restored ?? 0, "annotation")} of an import`;
    default:
      return "changed the image";
  }
}
