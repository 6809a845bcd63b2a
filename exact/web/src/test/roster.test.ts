import { expect, it } from "vitest";
import type { Annotation } from "../model/annotation";
import { Roster } from "../state/roster";
import { chance } from "./fakes";

const row = (number: number | null, type: string, removed = false): Annotation =>
  ({ number, annotation_type_id: type, removed, description: "" }) as Annotation;
const listed = (_: string, one: Annotation): boolean => !one.removed && one.annotation_type_id !== "hidden";

it("newest first, what is not saved before all, removed ones nowhere", () => {
  const roster = new Roster();
  roster.fill(Object.entries({ a: row(1, "t"), b: row(7, "t"), c: row(null, "u"), d: row(9, "t", true) }), listed);
  expect(roster.keys).toEqual(["c", "b", "a"]);
  expect(Object.fromEntries(roster.counts)).toEqual({ t: 2, u: 1 });
});

it("row by row comes to the same as all at once", () => {
  const random = chance(21);
  const rows = new Map<string, Annotation>();
  const steps = new Roster();
  steps.fill([], listed);
  for (let i = 0; i < 3000; i++) {
    const key = `k${Math.floor(random() * 200)}`;
    if (random() < 0.1) rows.delete(key);
    else rows.set(key, row(random() < 0.1 ? null : Math.floor(random() * 1000), random() < 0.2 ? "hidden" : "t", random() < 0.2));
    steps.update(key, rows.get(key), listed);
  }
  const once = new Roster();
  once.fill(rows, listed);
  expect(steps.keys).toEqual(once.keys);
  const counted = (roster: Roster) => [...roster.counts].filter(([, count]) => count > 0).sort();
  expect(counted(steps)).toEqual(counted(once));
});
