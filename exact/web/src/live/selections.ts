/** Carrying set-wide wishes out, image by image, and taking them back; a lost answer is asked for again under its key. */

import { Refusal } from "../api/client";
import { type SelectionAnswer, type UndoAnswer, sendTogether } from "../api/selections";
import { count } from "../design/format";
import { type Choice, type Outcome, type SelectionWish, commandOf } from "../model/selections";
import { undoneInWords } from "../model/undone";
import { uuid7 } from "../model/uuid7";
import type { Left } from "../state/entries";
import { type Clock, backoff } from "./clock";
import type { TakenBack } from "./session";

export type SendTogether = <T>(body: Record<string, unknown>, key: string, deed: string) => Promise<T>;

export interface Running {
  readonly clock: Clock;
  readonly send?: SendTogether;
  /** After every command. */
  readonly told?: (outcome: Outcome, done: number) => void;
  /** Asked before every command. */
  readonly stopped?: () => boolean;
  readonly nameOf?: (person: string) => string;
}

const TRIES = 4;
const NOTHING: Outcome = { changed: 0, left_count: 0, left: [], commands: [], position: 0, problem: null };
const LEFT_SHOWN = 100;

/** One command after the other; the first that is refused ends it, and what was done until then stays and is told. */
export async function carryOut(
  choice: Choice, wishes: readonly SelectionWish[], since: number, running: Running,
): Promise<Outcome> {
  const deed = uuid7();
  let outcome = NOTHING;
  for (const [index, { image_id, image, where }] of wishes.entries()) {
    if (running.stopped?.()) return { ...outcome, problem: `Stopped after ${count(index)} of ${count(wishes.length)} images.` };
    const body = { ...commandOf(choice), image_id, where, unless_changed_since: since };
    try {
      outcome = together(outcome, await persistently<SelectionAnswer>(body, deed, running), image);
    } catch (problem) {
      return { ...outcome, problem: `${image.name}: ${reason(problem)}` };
    }
    running.told?.(outcome, index + 1);
  }
  return outcome;
}

function together(so_far: Outcome, answer: SelectionAnswer, image: SelectionWish["image"]): Outcome {
  return {
    changed: so_far.changed + answer.changed,
    left_count: so_far.left_count + answer.left_count,
    left: [...so_far.left, ...answer.left.map((one) => ({ ...one, image }))].slice(0, LEFT_SHOWN),
    commands: answer.changed > 0 ? [...so_far.commands, answer.command_id] : so_far.commands,
    position: Math.max(so_far.position, answer.position),
    problem: null,
  };
}

/** Takes commands back, the newest first; what that was can be taken back in turn. */
export async function takeBack(commands: readonly string[], running: Running): Promise<TakenBack> {
  const deed = uuid7();
  const [ids, left]: [string[], Left[]] = [[], []];
  let [undone, left_count, position] = [0, 0, 0];
  for (const command_id of commands.toReversed()) {
    const answer = await persistently<UndoAnswer>({ command: "Undo", command_id }, deed, running);
    undone += answer.undone;
    left_count += answer.left_count;
    position = Math.max(position, answer.position);
    left.push(...answer.left);
    if (answer.undone > 0) ids.push(answer.command_id);
  }
  return { commands: ids, position, text: undoneInWords({ undone, left_count, left }, running.nameOf ?? (() => "Somebody")) };
}

/** Where the server is not reached, or busy, a few more times. */
async function persistently<T>(body: Record<string, unknown>, deed: string, { clock, send = sendTogether }: Running): Promise<T> {
  const key = uuid7();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send<T>(body, key, deed);
    } catch (problem) {
      const final = problem instanceof Refusal && problem.status < 502 && ![408, 425, 429].includes(problem.status);
      if (final || attempt === TRIES) throw problem;
      await new Promise<void>((resolve) => void clock.after(backoff(attempt - 1, clock), resolve));
    }
  }
}

function reason(problem: unknown): string {
  return problem instanceof Refusal ? problem.detail : "The server could not be reached. What was done until then stays; try again for the rest.";
}
