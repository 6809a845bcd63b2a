/** Histories by position, undo of what stands in them, and the proof that a fact is sealed. */

import type { Left } from "../state/entries";
import { request } from "./client";

const API = "/api/v1";

export interface HistoryFact {
  readonly position: number;
  readonly name: string;
  readonly version: number;
  readonly at: string;
  readonly by: string;
  readonly by_name: string;
  readonly stream_id: string;
  /** The command that recorded it: what `Undo` takes back. */
  readonly command_id: string;
  /** The command that it takes back, or the import that it comes from. */
  readonly causation_id: string | null;
  readonly data: Record<string, unknown>;
}

export interface HistoryPage {
  readonly facts: readonly HistoryFact[];
  readonly next_after: number | null;
  readonly next_before: number | null;
}

/** Every fact of an annotation, oldest first; a long history comes in pages. */
export async function history(annotation: number): Promise<readonly HistoryFact[]> {
  const facts: HistoryFact[] = [];
  for (let after: number | null = 0; after !== null; ) {
    const page: HistoryPage = await request("GET", `${API}/annotations/annotations/${annotation}/history/?after=${after}`);
    facts.push(...page.facts);
    after = page.next_after;
  }
  return facts;
}

/** A page of an image's facts: newest first before a position, or oldest first after one. */
export function historyOfImage(image: number, where: { before: number | "newest" } | { after: number }, limit: number): Promise<HistoryPage> {
  const [[name, position]] = Object.entries(where) as [[string, number | string]];
  return request("GET", `${API}/images/images/${image}/history/?${name}=${position}&limit=${limit}`);
}

export interface Undone {
  readonly command_id: string;
  readonly undone: number;
  readonly left_count: number;
  /** The first hundred of them. */
  readonly left: readonly Left[];
}

/** Takes back what a command did; the same key is granted once. */
export function undo(commandId: string, key: string): Promise<Undone> {
  return request("POST", `${API}/commands/`, { command: "Undo", command_id: commandId }, { "Idempotency-Key": key });
}

/** That a fact is in the sealed log: what an offline verifier needs, as the server gives it. */
export interface InclusionProof {
  readonly position: number;
  readonly leaf_index: number;
  readonly leaf_hash: string;
  readonly tree_size: number;
  readonly path: readonly string[];
  readonly checkpoint: string;
  readonly fact: Readonly<Record<string, unknown>>;
}

/** Waits up to 2 s on the server for a fact that is not sealed yet. */
export const inclusion = (position: number): Promise<InclusionProof> => request("GET", `${API}/audit/inclusion?position=${position}`);
