/** Several changes as one request: up to 500 commands that are all granted or none, or the one wish to take them back. */

import type { Annotation } from "../model/annotation";
import { type Change, needsVersion, wishedVector } from "../model/commands";
import { type Answer, type Entry, type Refusal, holdsBack } from "../state/entries";

export const BATCH_MAX = 500;
/** Outlines with very many points make a request large long before it holds 500 of them. */
const NUMBERS_MAX = 400_000;

/** One change of one annotation. */
export interface Part {
  readonly key: string;
  readonly change: Change;
}

/** As few requests as the server takes, in the order of the parts. */
export function chunked(parts: readonly Part[]): Part[][] {
  const chunks: Part[][] = [];
  let [current, numbers]: [Part[], number] = [[], 0];
  for (const part of parts) {
    const weight = wishedVector(part.change)?.points.length ?? 0;
    if (current.length === BATCH_MAX || (current.length > 0 && numbers + weight > NUMBERS_MAX)) [current, numbers] = [[], 0];
    if (current.length === 0) chunks.push(current);
    current.push(part);
    numbers += weight;
  }
  return chunks;
}

/** What is sent for entries that go together; `fields` are a command's own, with its annotation's id. */
export function bodyOf(entries: readonly Entry[], fields: (entry: Entry) => Record<string, unknown>): Record<string, unknown> {
  const [entry] = entries as [Entry];
  if (!entry.group) return fields(entry);
  const { deed, undoes } = entry.group;
  if (undoes !== null) return { command: "Undo", correlation_id: undoes };
  return { commands: entries.map((one) => ({ ...fields(one), ...seen(one, (version) => ({ expected_version: version })) })), correlation_id: deed };
}

export function headersOf([entry]: readonly Entry[]): Record<string, string> {
  const { group, idempotency_key } = entry!;
  const match = group ? {} : seen(entry!, (version) => ({ "If-Match": `"v${version}"` }));
  const together: Record<string, string> = group && group.undoes !== null ? { "Exact-Correlation": group.deed } : {};
  return { "Idempotency-Key": idempotency_key, ...match, ...together };
}

/** The version that a change was made on, where the server has to know it. */
function seen<T extends object>(entry: Entry, said: (version: number) => T): T | Record<string, never> {
  return needsVersion(entry.change) && entry.base_version ? said(entry.base_version) : {};
}

/** The answer to one of the entries; an undo says no versions, the facts at its position do. */
export function answerTo(entry: Entry, index: number, answer: Answer, row: Annotation | undefined): Answer {
  const { position } = answer;
  const result = answer.results?.[index];
  if (result) return { ...result, position };
  return { id: entry.annotation_id ?? row?.id ?? "", number: row?.number ?? null, version: 0, position };
}

/** What can be sent now: the oldest entry that waits for no other of its annotation, with all that go with it. */
export function nextParcel(entries: readonly Entry[]): readonly Entry[] | undefined {
  const blocked = new Set<string>();
  const held = new Set<string>();
  const unfinished = new Set(entries.filter((entry) => entry.phase !== "acknowledged").map((entry) => entry.group?.deed));
  const free: Entry[] = [];
  for (const entry of entries) {
    const { group, key } = entry;
    if (entry.phase === "waiting") {
      if (!blocked.has(key)) free.push(entry);
      else if (group) held.add(group.id);
      if (group?.undoes && unfinished.has(group.undoes)) held.add(group.id);
    }
    if (holdsBack(entry)) blocked.add(key);
  }
  const first = free.find((entry) => !entry.group || !held.has(entry.group.id));
  if (!first?.group) return first && [first];
  return entries.filter((entry) => entry.group?.id === first.group!.id);
}

/** All that falls with a refused deed: what of it was not sent, and wishes to take that back. */
export function fallingWith(deed: string, entries: readonly Entry[]): Entry[] {
  const gone = entries.filter((entry) => entry.group?.deed === deed && entry.phase !== "acknowledged");
  const keys = new Set(gone.map((entry) => entry.key));
  const over = new Set([deed]);
  for (const entry of entries) {
    const { group } = entry;
    if (!group?.undoes || !over.has(group.undoes) || entry.phase === "acknowledged") continue;
    over.add(group.deed);
    if (keys.has(entry.key)) gone.push(entry);
  }
  return gone;
}

/** Why a batch was not granted, naming the annotation that is to blame. */
export function sentenceOfRefusal(refusal: Refusal, culprit: Entry | undefined, done: number, gone: number): string {
  const who = refusal.changed_by_name ?? "Somebody";
  const why = refusal.code === "stale_version" ? `${who} changed it since you looked.` : refusal.detail;
  const what = culprit && culprit.before?.number ? `Annotation #${culprit.before.number}: ` : "";
  const all = done > 0 ? `${done} of your ${done + gone} changes are saved, the other ${gone} were taken back.` : `None of your ${gone} changes was made.`;
  return `${all} ${what}${why}`;
}
