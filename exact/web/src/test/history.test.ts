import { describe, expect, it } from "vitest";
import { Refusal, Unreachable } from "../api/client";
import type { HistoryFact, HistoryPage, InclusionProof } from "../api/history";
import type { Annotation } from "../model/annotation";
import { inForce, inForceOnImage, mayUndo } from "../model/compensations";
import type { Fact, FactData } from "../model/facts";
import { evolve } from "../model/facts";
import type { Vector } from "../model/vector";
import type { Left } from "../state/entries";
import { deedOf, stepsOf } from "../panels/chronicle";
import { sealOf } from "../panels/proof-line";
import { undoneInWords } from "../model/undone";
import { extentOf, movedBy } from "../viewer/undo-step";

const box = (size: number): Vector => ({ vector_type: 1, points: [0, 0, size, size], frame: null, plane: 0 });

const fact = (position: number, name: string, data: FactData = {}, more: Partial<HistoryFact> = {}): HistoryFact => ({
  position, name, version: position, at: "2026-01-01T00:00:00Z", by: "anna", by_name: "Anna", stream_id: "a", command_id: `c${position}`,
  causation_id: null, data: data as Record<string, unknown>, ...more,
});

const drawn = fact(1, "AnnotationDrawn", { annotation_type_id: "tumour", vector: box(1000) });
const reshaped = fact(2, "AnnotationReshaped", { vector: box(2000) });
const verified = fact(2, "AnnotationVerified", { verdict: "accepted", of_version: 1 }, { by: "vera" });

/** The annotation after these facts. */
function after(...facts: HistoryFact[]): Annotation {
  const told = facts.map((one): Fact => ({ ...one, stream: one.stream_id, data: { ...(one.data as FactData), by: one.by, at: one.at } }));
  return told.reduce<Annotation | undefined>(evolve, undefined)!;
}

describe("a step can be undone", () => {
  const rights = (person: string, ...permissions: string[]) => ({ person, permissions });

  it("by whoever made it, with the right to such work", () => {
    expect(mayUndo(drawn, rights("anna", "annotate"))).toBe(true);
    expect(mayUndo(drawn, rights("anna", "read"))).toBe(false);
    expect(mayUndo(verified, rights("vera", "annotate"))).toBe(false);
  });

  it("of somebody else's work with the right to undo others", () => {
    expect(mayUndo(drawn, rights("ben", "annotate", "verify"))).toBe(false);
    expect(mayUndo(drawn, rights("ben", "annotate", "verify", "undo_others"))).toBe(true);
  });

  it("as long as nobody has built on it", () => {
    expect(inForce(drawn, after(drawn), "anna")).toBe(true);
    expect(inForce(drawn, after(drawn, reshaped), "anna")).toBe(false);
    expect(inForce(reshaped, after(drawn, reshaped), "anna")).toBe(true);
    expect(inForce(drawn, after(drawn, verified), "anna")).toBe(false);
    expect(inForce(verified, after(drawn, verified), "anna")).toBe(true);
    const described = fact(3, "AnnotationDescribed", { description: "x" });
    expect(inForce(reshaped, after(drawn, reshaped, described), "anna")).toBe(true);
  });

  it("a removal while it is removed, a restoring while nothing was changed after it", () => {
    const removed = fact(2, "AnnotationRemoved");
    const restored = fact(3, "AnnotationRestored");
    expect(inForce(removed, after(drawn, removed), "ben")).toBe(true);
    expect(inForce(removed, after(drawn, removed, restored), "ben")).toBe(false);
    expect(inForce(restored, after(drawn, removed, restored), "ben")).toBe(true);
    expect(inForce(restored, after(drawn, removed, restored, { ...reshaped, version: 4 }), "ben")).toBe(false);
  });

  it("a verdict that was taken back only by whoever gave it", () => {
    const withdrawn = fact(3, "VerificationWithdrawn", { person_id: "vera", of_version: 1 }, { by: "vera" });
    const now = after(drawn, verified, withdrawn);
    expect([inForce(withdrawn, now, "vera"), inForce(withdrawn, now, "anna")]).toEqual([true, false]);
  });

  it("the name of an image while it has it, an import while nothing newer moved it", () => {
    const renamed = fact(4, "ImageRenamed", { name: "B" });
    expect([inForceOnImage(renamed, true, "B"), inForceOnImage(renamed, true, "C")]).toEqual([true, false]);
    expect(mayUndo(renamed, rights("anna", "annotate"))).toBe(false);
    const shown = fact(5, "ImportedAnnotationsShown", { count: 1200 });
    expect([inForceOnImage(shown, true, "B"), inForceOnImage(shown, false, "B")]).toEqual([true, false]);
    expect([movedBy(shown), movedBy(renamed)]).toEqual([1200, null]);
  });

  it("what an import brought is not, for the import is undone as a whole", () => {
    expect(inForce({ ...drawn, causation_id: "import" }, after(drawn), "anna")).toBe(false);
  });
});

describe("the answer in words", () => {
  const left = (reason: string, changed_by?: string): Left => ({ stream_id: "a", code: "cannot_undo", reason, ...(changed_by ? { changed_by } : {}) });
  const say = (undone: number, ...rest: Left[]): string =>
    undoneInWords({ undone, left_count: rest.length, left: rest }, (person) => (person === "vera" ? "Vera" : "Somebody"));

  it("is short when all was undone", () => expect([say(1), say(40)]).toEqual(["Undone.", "40 undone."]));

  it("says what stays, and why", () => {
    expect(say(2, left("Somebody verified it since.", "vera"))).toBe("2 undone. 1 stays: Vera verified it since.");
    expect(say(0, left("The verdict was changed or withdrawn since."))).toBe("Nothing was undone: the verdict was changed or withdrawn since.");
  });

  it("of an import says how many of its annotations stay", () => {
    const reason = "12 of its annotations stay: people have worked on them since.";
    expect(say(1, { ...left(reason), count: 12 })).toBe(`Undone. ${reason}`);
  });

  it("names each reason once, the most frequent first", () => {
    const changed = left("Somebody changed it since.");
    expect(say(5, changed, left("Somebody verified it since.", "vera"), changed)).toBe("5 undone. 3 stay: somebody changed it since (2); Vera verified it since (1).");
  });
});

describe("the history of an image", () => {
  const names = { annotation: (stream: string) => `tumour #${stream}`, type: () => "cell" };
  const many = ["1", "2", "3"].map((stream_id, index) => fact(10 - index, "AnnotationVerified", { verdict: "accepted" }, { command_id: "all", stream_id }));
  const words = (...facts: HistoryFact[]): string[] => stepsOf(facts).map((step) => deedOf(step, names));

  it("is a line for each command, however many annotations it touched", () => {
    expect(words(...many, fact(2, "AnnotationReshaped"), drawn)).toEqual(["accepted 3 annotations", "changed the outline of tumour #a", "drew tumour #a"]);
  });

  it("two facts of one edit are one sentence, in the order in which they happened", () => {
    const edit = { command_id: "edit" };
    expect(words(fact(5, "AnnotationDescribed", { description: "x" }, edit), fact(4, "AnnotationReclassified", {}, edit))).toEqual([
      "changed the type of tumour #a to cell and wrote “x” on tumour #a",
    ]);
  });

  it("leaves out what an import brings before it is shown", () => {
    expect(words(fact(9, "ImportedAnnotationsShown", { count: 1200 }), fact(8, "AnnotationsImported"), fact(1, "ImageRegistered"))).toEqual([
      "imported 1,200 annotations",
      "uploaded the image",
    ]);
  });
});

describe("how many annotations a step touched", () => {
  /** A history of an image, read as the server gives it. */
  const reader = (all: HistoryFact[]) => async (_: number, where: { before: number | "newest" } | { after: number }, limit: number): Promise<HistoryPage> => {
    const found = "before" in where ? all.filter((one) => one.position < Number(where.before)).toReversed() : all.filter((one) => one.position > where.after);
    const facts = found.slice(0, limit);
    const then = found.length > limit ? facts.at(-1)!.position : null;
    return { facts, next_after: "after" in where ? then : null, next_before: "before" in where ? then : null };
  };
  const run = (from: number, to: number, command_id: string): HistoryFact[] =>
    Array.from({ length: to - from + 1 }, (_, index) => fact(from + index, "AnnotationRemoved", {}, { command_id, stream_id: `s${from + index}` }));

  it("is one for most, and is counted to both sides of the fact", async () => {
    const all = [...run(1, 5, "x"), ...run(6, 1205, "big"), ...run(1206, 1206, "y")];
    expect(await extentOf(1, all.at(-1)!, reader(all))).toEqual({ annotations: 1, more: false });
    expect(await extentOf(1, all[700]!, reader(all))).toEqual({ annotations: 1200, more: false });
  });

  it("is not counted without end", async () => {
    const all = run(1, 9000, "huge");
    const { annotations, more } = await extentOf(1, all[4500]!, reader(all));
    expect(more).toBe(true);
    expect(annotations).toBeGreaterThan(4000);
  });
});

describe("the seal of a fact", () => {
  const proof = { position: 7, tree_size: 40 } as InclusionProof;
  const refusing = (status: number, code: string) => async (): Promise<InclusionProof> => { throw new Refusal(status, code, "A sentence."); };

  it("is its proof, or that there is none yet", async () => {
    expect(await sealOf(7, async () => proof)).toEqual({ is: "sealed", proof });
    expect(await sealOf(7, refusing(503, "not_sealed"))).toEqual({ is: "unsealed" });
  });

  it("tells a fact that was tampered with from a server that is away", async () => {
    expect(await sealOf(7, refusing(422, "tampered"))).toEqual({ is: "tampered", detail: "A sentence." });
    expect((await sealOf(7, async () => { throw new Unreachable("The server could not be reached."); })).is).toBe("unknown");
  });
});
