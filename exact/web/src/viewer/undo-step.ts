/** Taking a step of the history back: how many annotations it touched is said before, what stays and why after. */

import { Refusal, Unreachable } from "../api/client";
import { type HistoryFact, type Undone, historyOfImage, undo } from "../api/history";
import { count } from "../design/format";
import { toast } from "../design/toast";
import type { FactData } from "../model/facts";
import { undoneInWords } from "../model/undone";
import { uuid7 } from "../model/uuid7";
import { confirmed } from "../panels/confirm";
import type { Desk } from "./desk";

/** So many facts on either side are looked through to count. */
const LOOKED_THROUGH = 2000;
const PAGE = 500;

export interface Extent {
  readonly annotations: number;
  /** There are more. */
  readonly more: boolean;
}

type Position = Pick<HistoryFact, "position" | "command_id" | "stream_id">;

/** How many annotations an import's fact is about; null for every other fact. */
export function movedBy({ name, data }: Pick<HistoryFact, "name" | "data">): number | null {
  const { count: shown, removed, restored } = data as FactData;
  return name.startsWith("ImportedAnnotations") ? (shown ?? removed ?? restored ?? 0) : null;
}

/** How many annotations of the image a fact's command touched: its facts stand in one range of positions. */
export async function extentOf(image: number, fact: Position, read = historyOfImage): Promise<Extent> {
  const streams = new Set([fact.stream_id]);
  const sides = (["before", "after"] as const).map((side) => walk(image, fact, side, streams, read));
  const more = (await Promise.all(sides)).some(Boolean);
  return { annotations: streams.size, more };
}

/** Gathers streams on one side; true when it gave up before the end. The first look is short: most steps are one fact. */
async function walk(image: number, fact: Position, side: "before" | "after", streams: Set<string>, read: typeof historyOfImage): Promise<boolean> {
  let from: number | null = fact.position;
  for (let seen = 0, limit = 2; from !== null && seen < LOOKED_THROUGH; limit = PAGE) {
    const page = await read(image, side === "before" ? { before: from } : { after: from }, limit);
    const same = page.facts.filter((one) => one.command_id === fact.command_id);
    for (const one of same) streams.add(one.stream_id);
    if (same.length < page.facts.length) return false;
    from = side === "before" ? page.next_before : page.next_after;
    seen += page.facts.length;
  }
  return from !== null;
}

/** Asks where it is more than one annotation, takes it back, and says what came of it. */
export async function undoStep(desk: Desk, fact: HistoryFact): Promise<void> {
  try {
    const moved = movedBy(fact);
    const { annotations, more } = moved === null ? await extentOf(desk.workspace.image.number, fact) : { annotations: moved, more: false };
    if (annotations > 1 && !(await sure(`${more ? "more than " : ""}${count(annotations)}`))) return;
  } catch (problem) {
    return failed(problem, () => void undoStep(desk, fact));
  }
  await send(desk, fact.command_id, uuid7());
}

function sure(annotations: string): Promise<boolean> {
  return confirmed({
    heading: `Undo this for ${annotations} annotations?`,
    lead: `This step changed ${annotations} annotations. What somebody has built on since stays, and you are told.`,
    action: "Undo all of them",
  });
}

/** A second try has the same key, so that it is done once. `redo`: what is taken back was an undo itself. */
async function send(desk: Desk, command: string, key: string, redo = false): Promise<void> {
  try {
    tell(desk, await undo(command, key), redo);
  } catch (problem) {
    failed(problem, () => void send(desk, command, key, redo));
  }
}

function tell(desk: Desk, undone: Undone, again: boolean): void {
  const words = again && undone.left_count === 0 ? "Done again." : undoneInWords(undone, (person) => desk.nameOf(person));
  const left = undone.left.flatMap(({ stream_id }) => desk.session.store.keyOf(stream_id) ?? []);
  const redo = { label: again ? "Undo" : "Redo", run: () => void send(desk, undone.command_id, uuid7(), !again) };
  const show = { label: "Show", run: () => desk.showThese([...new Set(left)]) };
  toast(words, undone.left_count === 0 ? "good" : "plain", undone.left_count === 0 ? redo : left.length > 0 ? show : undefined);
}

function failed(problem: unknown, again: () => void): void {
  if (problem instanceof Unreachable) toast("The server did not answer. Try again: nothing is undone twice.", "bad", { label: "Try again", run: again });
  else if (problem instanceof Refusal) toast(problem.detail, "bad");
  else throw problem;
}
