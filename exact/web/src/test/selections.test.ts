import { beforeEach, describe, expect, it } from "vitest";
import { Refusal, Unreachable } from "../api/client";
import { carryOut, takeBack } from "../live/selections";
import type { Annotation } from "../model/annotation";
import {
  type Choice, type Outcome, type SelectionWish, MATCHING_MAX, commandOf, fitting, leaves, outcomeInWords, possible, regionOf, split, surveyOf, whereOf,
} from "../model/selections";
import { FakeClock, FakeServer, Page } from "./fakes";

const choice = (more: Partial<Choice> = {}): Choice => ({ act: "accept", type: "", status: "", to: "", ...more });
const row = (more: Partial<Annotation> = {}): Annotation => ({
  id: "a", number: 1, version: 1, content_version: 1, image_id: "i", unique_identifier: "a", annotation_type_id: "t",
  vector: { vector_type: 1, points: [100, 100, 300, 200], frame: null, plane: 0 }, description: "", meta_data: null, removed: false,
  created_by: "ben", created_at: "", edited_by: "ben", edited_at: "", status: "open", verifications: [], ...more,
});
const by = (person_id: string, verdict: "accepted" | "rejected") => ({ person_id, verdict, of_version: 1, at: "" });
const image = { number: 7, name: "slide.svs" };

describe("the filter", () => {
  it.each([
    [{}, true],
    [{ annotation_type_id: "t" }, true],
    [{ annotation_type_id: "u" }, false],
    [{ status: "open" }, true],
    [{ status: "accepted" }, false],
    [{ region: [100, 100, 300, 200] }, true],
    [{ region: [101, 100, 300, 200] }, false],
    [{ region: [0, 0, 299, 900] }, false],
    [{ plane: 0 }, true],
    [{ plane: 1 }, false],
    [{ frame: 3 }, false],
  ] as const)("%o leaves the box: %s", (where, meant) => expect(leaves(where, row())).toBe(meant));

  it("of a region means nothing that has no place", () => {
    const whole = { vector_type: 7, points: [], frame: null, plane: 0 } as const;
    expect([leaves({ region: [0, 0, 9999, 9999] }, row({ vector: whole })), leaves({ region: [0, 0, 9999, 9999] }, row({ vector: null }))]).toEqual([false, false]);
  });

  it("holds all that is seen, in whole units", () => expect(regionOf([0.4, -0.4, 10.2, 11])).toEqual([0, -1, 11, 11]));
  it("names a type and a status only where they are chosen", () => {
    expect(whereOf(choice())).toEqual({});
    expect(whereOf(choice({ type: "t", status: "open" }))).toEqual({ annotation_type_id: "t", status: "open" });
  });
});

describe("whom it would change", () => {
  const rows = [
    row({ id: "open" }),
    row({ id: "mine", verifications: [by("anna", "accepted")], status: "accepted" }),
    row({ id: "theirs", verifications: [by("ben", "accepted")], status: "accepted" }),
    row({ id: "other", annotation_type_id: "u" }),
    row({ id: "gone", removed: true }),
    row({ id: "", number: null }),
  ];
  const meant = (one: Choice) => surveyOf(rows, one, whereOf(one), "anna", 5, { image_id: "i", image }).count;

  it("counts what is not as wished, for this person", () => {
    expect(meant(choice())).toBe(3);
    expect(meant(choice({ act: "reject" }))).toBe(4);
    expect(meant(choice({ status: "accepted" }))).toBe(1);
    expect(meant(choice({ act: "reclassify", to: "u" }))).toBe(3);
    expect(meant(choice({ act: "remove", type: "u" }))).toBe(1);
    expect(meant(choice({ act: "restore" }))).toBe(1);
  });

  it("asks nothing where there is nobody", () =>
    expect(surveyOf([], choice(), {}, "anna", 5, { image_id: "i", image }).wishes).toEqual([]));

  it("names them where there are more than one command takes", () => {
    const ids = Array.from({ length: MATCHING_MAX * 2 + 1 }, (_, index) => String(index));
    expect(split({ status: "open" }, ids.slice(0, MATCHING_MAX))).toEqual([{ status: "open" }]);
    const parts = split({ status: "open" }, ids);
    expect(parts.map((part) => part.annotation_ids?.length)).toEqual([MATCHING_MAX, MATCHING_MAX, 1]);
    expect(parts.flatMap((part) => part.annotation_ids ?? [])).toEqual(ids);
  });

  it("offers types of the same shape", () => {
    const types = [["a", 1], ["b", 1], ["c", 2]].map(([id, vector_type]) => ({ id: String(id), number: 1, name: "", color_code: "", vector_type: Number(vector_type) }));
    expect(fitting(types, "a").map(({ id }) => id)).toEqual(["b"]);
    expect(possible(choice({ act: "reclassify" }), types)).toMatchObject({ type: "a", to: "b" });
    expect(possible(choice({ act: "reclassify", type: "b", to: "c" }), types)).toMatchObject({ type: "b", to: "a" });
    expect(possible(choice({ act: "reclassify", type: "c", to: "a" }), types)).toMatchObject({ type: "c", to: "" });
    expect(possible(choice(), types)).toEqual(choice());
  });
});

describe("what is said", () => {
  const outcome = (more: Partial<Outcome>): Outcome => ({ changed: 9998, left_count: 0, left: [], commands: [], position: 1, problem: null, ...more });
  const left = (code: string, reason: string) => ({ annotation_id: "a", number: 1, code, reason, image });
  it.each([
    [outcome({}), "9,998 annotations accepted."],
    [outcome({ left_count: 2, left: [left("changed_since", "x"), left("changed_since", "x")] }), "9,998 annotations accepted, 2 left because somebody changed them since."],
    [outcome({ changed: 1, left_count: 1, left: [left("changed_since", "x")] }), "1 annotation accepted, 1 left because somebody changed it since."],
    [outcome({ left_count: 1, left: [left("other_shape", "It has another shape.")] }), "9,998 annotations accepted, 1 left as it is: It has another shape."],
    [outcome({ left_count: 2, left: [left("changed_since", "x"), left("y", "Y.")] }), "9,998 annotations accepted, 2 left as they are, for the reasons below."],
  ])("%#: %s", (one, sentence) => expect(outcomeInWords("accept", one)).toBe(sentence));
});

describe("carrying it out", () => {
  const wishes: SelectionWish[] = [1, 2, 3].map((number) => ({ image_id: `i${number}`, image: { number, name: `slide ${number}` }, where: {} }));
  const answer = (n: number, more: object = {}) => ({ command_id: `c${n}`, position: n, changed: 10, left_count: 0, left: [], ...more });
  let clock: FakeClock;
  let sent: { body: Record<string, unknown>; key: string; deed: string }[];
  let answers: (() => unknown)[];
  const send = async <T>(body: Record<string, unknown>, key: string, deed: string): Promise<T> => {
    sent.push({ body, key, deed });
    return answers.shift()!() as T;
  };
  const refuse = (status: number, detail = "No.") => () => { throw new Refusal(status, "x", detail); };
  async function ended<T>(work: Promise<T>): Promise<T> {
    await clock.pass(60_000);
    return work;
  }

  beforeEach(() => {
    [clock, sent, answers] = [new FakeClock(), [], []];
  });

  it("asks image by image, as of what was seen, all under one id", async () => {
    answers = [() => answer(1), () => answer(2, { changed: 0 }), () => answer(3, { left_count: 1, left: [{ annotation_id: "a", number: 4, code: "changed_since", reason: "x" }] })];
    const told: number[] = [];
    const outcome = await ended(carryOut(choice({ act: "reject" }), wishes, 42, { clock, send, told: (_, done) => told.push(done) }));
    expect(sent.map(({ body }) => body)).toEqual(wishes.map(({ image_id }) => ({ ...commandOf(choice({ act: "reject" })), image_id, where: {}, unless_changed_since: 42 })));
    expect(new Set(sent.map(({ deed }) => deed)).size).toBe(1);
    expect(new Set(sent.map(({ key }) => key)).size).toBe(3);
    expect(told).toEqual([1, 2, 3]);
    expect(outcome).toMatchObject({ changed: 20, left_count: 1, commands: ["c1", "c3"], position: 3, problem: null, left: [{ number: 4, image: { number: 3 } }] });
  });

  it("asks a lost answer again under its key", async () => {
    answers = [() => { throw new Unreachable("gone"); }, refuse(503), () => answer(1)];
    await ended(carryOut(choice(), wishes.slice(0, 1), 1, { clock, send }));
    expect(new Set(sent.map(({ key }) => key)).size).toBe(1);
    expect(sent).toHaveLength(3);
  });

  it("ends at a refusal; what was done until then stays and can be taken back", async () => {
    answers = [() => answer(1), refuse(403, "Your role may not.")];
    const outcome = await ended(carryOut(choice(), wishes, 1, { clock, send }));
    expect(outcome).toMatchObject({ changed: 10, commands: ["c1"], problem: "slide 2: Your role may not." });
    expect(sent).toHaveLength(2);
  });

  it("stops when the person says so", async () => {
    answers = [() => answer(1)];
    const outcome = await ended(carryOut(choice(), wishes, 1, { clock, send, stopped: () => sent.length === 1 }));
    expect(outcome).toMatchObject({ changed: 10, problem: "Stopped after 1 of 3 images." });
  });

  it("is taken back newest first, and says what stays", async () => {
    answers = [() => ({ ...answer(9), undone: 8, left_count: 2, left: [{ stream_id: "a", code: "x", reason: "Somebody changed it since.", changed_by: "ben" }] }), () => ({ ...answer(8), undone: 10 })];
    const back = await ended(takeBack(["c1", "c2"], { clock, send }));
    expect(sent.map(({ body }) => body)).toEqual([{ command: "Undo", command_id: "c2" }, { command: "Undo", command_id: "c1" }]);
    expect(back).toEqual({ commands: ["c9", "c8"], position: 9, text: "18 undone. 2 stay: Somebody changed it since." });
  });
});

describe("in the undo stack", () => {
  it("an errand is undone and redone by the ids of its commands, and tried again where the server was away", async () => {
    const calls: (readonly string[])[] = [];
    let away = true;
    const takeBackOf = async (commands: readonly string[]) => {
      calls.push(commands);
      if (away) throw new Unreachable("The server could not be reached.");
      return { commands: commands.map((id) => `undo-${id}`), position: 1, text: "2 undone." };
    };
    const page = new Page(new FakeServer(), "anna", undefined, undefined, undefined, takeBackOf);
    await page.start();
    const errand = { commands: ["c1"] };
    page.session.ran(errand);
    page.session.undoLast();
    await page.clock.pass(1);
    expect(page.told.at(-1)?.text).toBe("Not undone. The server could not be reached.");
    away = false;
    page.session.undoLast();
    await page.clock.pass(1);
    page.session.redoLast();
    await page.clock.pass(1);
    expect(calls).toEqual([["c1"], ["c1"], ["undo-c1"]]);
    await page.session.takeBack(errand);
    expect(page.told.at(-1)?.text).toBe("That is taken back already.");
  });
});
