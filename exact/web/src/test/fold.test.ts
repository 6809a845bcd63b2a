import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Annotation, annotationFromWire } from "../model/annotation";
import { type Fact, apply, evolve } from "../model/facts";

let position = 0;
const fact = (version: number, name: string, data: Record<string, unknown> = {}, by = "anna"): Fact => ({
  position: ++position,
  name,
  stream: "a",
  version,
  data: { by, at: `2026-01-01T00:00:0${version}Z`, ...data },
});
const BOX = { vector_type: 1 as const, points: [0, 0, 100, 100] };
const DRAWN = fact(1, "AnnotationDrawn", { number: 7, image_id: "i", unique_identifier: "u", annotation_type_id: "t", vector: BOX });
const fold = (...facts: Fact[]): Annotation => facts.reduce<ReadonlyMap<string, Annotation>>(apply, new Map()).get("a")!;

describe("the fold of facts", () => {
  it("puts back what the wire leaves out", () => {
    expect(fold(DRAWN)).toMatchObject({ vector: { ...BOX, frame: null, plane: 0 }, description: "", meta_data: null, removed: false, status: "open" });
  });

  it("a fact that is known already changes nothing", () => {
    const row = fold(DRAWN, fact(2, "AnnotationReshaped", { vector: { ...BOX, points: [0, 0, 200, 200] } }));
    expect(evolve(row, DRAWN)).toBe(row);
  });

  it("a verification holds for the content it was given for, and no longer", () => {
    const verified = fold(DRAWN, fact(2, "AnnotationVerified", { verdict: "accepted", of_version: 1 }, "ben"));
    expect(verified.status).toBe("accepted");
    expect(verified.content_version).toBe(1);
    const changed = evolve(verified, fact(3, "AnnotationDescribed", { description: "large" }))!;
    expect(changed.status).toBe("open");
    expect(changed.verifications).toHaveLength(1);
  });

  it("one rejection outweighs every acceptance, and can be taken back", () => {
    const steps = [
      fact(2, "AnnotationVerified", { verdict: "accepted", of_version: 1 }, "ben"),
      fact(3, "AnnotationVerified", { verdict: "rejected", of_version: 1 }, "cem"),
    ];
    expect(fold(DRAWN, ...steps).status).toBe("rejected");
    const withdrawn = (by: string) => fact(4, "VerificationWithdrawn", { of_version: 1, person_id: "cem" }, by);
    expect(fold(DRAWN, ...steps, withdrawn("cem")).status).toBe("accepted");
    expect(fold(DRAWN, ...steps, withdrawn("anna")).status).toBe("accepted");
  });

  it("a person has one verdict: the last", () => {
    const row = fold(DRAWN, fact(2, "AnnotationVerified", { verdict: "rejected", of_version: 1 }), fact(3, "AnnotationVerified", { verdict: "accepted", of_version: 1 }));
    expect(row.verifications).toHaveLength(1);
    expect(row.status).toBe("accepted");
  });

  it("removing and restoring changes who touched it last, but not its content", () => {
    const row = fold(DRAWN, fact(2, "AnnotationRemoved", {}, "ben"), fact(3, "AnnotationRestored", {}, "cem"));
    expect(row).toMatchObject({ removed: false, edited_by: "cem", created_by: "anna", version: 3, content_version: 1 });
  });

  it("facts of other things are left alone", () => {
    const before = new Map([["a", fold(DRAWN)]]);
    expect(apply(before, { ...fact(2, "ImageRenamed", { name: "x" }), stream: "i" })).toBe(before);
  });

  it("does not change the state it was given", () => {
    const before = new Map();
    apply(before, DRAWN);
    expect(before.size).toBe(0);
  });
});

interface Golden {
  facts: Fact[];
  annotations: Annotation[];
}

/** Written by the server's own fold; both sides must come to the same rows. */
const FIXTURES = new URL("../../../../schema/live/fixtures.json", import.meta.url);
const path = FIXTURES.protocol === "file:" ? FIXTURES.pathname : "../../schema/live/fixtures.json";

describe.skipIf(!existsSync(path))("the server's golden histories", () => {
  const all: Golden[] = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Golden[]) : [];
  it.each(all.map((golden, index) => [index, golden] as const))("history %i gives the server's rows", (_, golden) => {
    const rows = golden.facts.reduce<ReadonlyMap<string, Annotation>>(apply, new Map());
    const sorted = (some: Iterable<Annotation>) => [...some].map(annotationFromWire).sort((a, b) => a.id.localeCompare(b.id));
    expect(sorted(rows.values())).toEqual(sorted(golden.annotations));
  });
});
