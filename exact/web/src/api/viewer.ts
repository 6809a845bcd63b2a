/** What the viewer asks of the server, each question one function. */

import { type Annotation, type AnnotationType, annotationFromWire } from "../model/annotation";
import type { Answer, Refusal as Refused } from "../state/entries";
import type { Sent } from "../live/outbox";
import { Refusal, request } from "./client";

export interface Person {
  readonly person_id: string;
  readonly name: string;
  readonly colour: string;
}

export interface Named {
  readonly id: string;
  readonly number: number;
  readonly name: string;
}

/** One way through the image: `pixel_size_um` along x and y. */
export interface PlaneOfImage {
  readonly plane: number;
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  readonly pixel_size_um: readonly [number | null, number | null] | null;
}

export interface ImageOfWorkspace extends Named {
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  readonly default_frame: number;
  readonly frame_names: readonly string[] | null;
  readonly format: string;
  readonly objective_power: number | null;
  readonly pixel_size_um: readonly (number | null)[] | null;
  readonly planes: readonly PlaneOfImage[];
}

export interface Workspace {
  readonly image: ImageOfWorkspace;
  readonly image_set: Named;
  readonly team: Named;
  readonly role: string;
  readonly permissions: readonly string[];
  readonly annotation_types: readonly AnnotationType[];
  /** Not offered any more, but drawn with before. */
  readonly other_types?: readonly AnnotationType[];
  readonly people: readonly Person[];
  readonly me: Person;
  readonly siblings: readonly { readonly number: number; readonly name: string }[];
  readonly protocol: number;
}

export interface AnnotationList {
  readonly position: number;
  readonly annotations: readonly Annotation[];
}

const API = "/api/v1";

export const workspace = (image: number): Promise<Workspace> => request("GET", `${API}/images/images/${image}/workspace/`);

export const annotations = (image: number): Promise<AnnotationList> =>
  request("GET", `${API}/images/images/${image}/annotations/`);

/** Sends one command or a batch of them; a refusal is an answer, only an unreachable server throws. */
export async function sendCommand(body: Record<string, unknown>, headers: Record<string, string>): Promise<Sent> {
  try {
    return { ok: true, answer: answerFrom(await request("POST", `${API}/commands/${body["commands"] ? "batch/" : ""}`, body, headers)) };
  } catch (problem) {
    if (!(problem instanceof Refusal)) throw problem;
    const { status, code, detail, body: answer } = problem;
    return { ok: false, refusal: { ...answer, ...rowsIn(answer), status, code, detail } as Refused };
  }
}

/** Both versions of an annotation that somebody else changed first. */
function rowsIn(answer: Readonly<Record<string, unknown>>): Pick<Refused, "current" | "seen"> {
  const row = (name: string): Annotation | null => (answer[name] ? annotationFromWire(answer[name] as Annotation) : null);
  const [current, seen] = [row("current"), row("seen")];
  return { ...(current ? { current } : {}), seen };
}

/** A batch is about no one thing. */
function answerFrom(answer: Partial<Answer> & Pick<Answer, "position">): Answer {
  return { id: "", number: null, version: 0, ...answer };
}

/** `frame` is the zero-based slice. */
export function tileSource(image: number, plane: number, frame: number): string {
  return `/images/image/${image}/${plane + 1}/${frame}/tile/`;
}

export function liveAddress(image: number): string {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  return `${scheme}://${location.host}/ws/images/${image}/`;
}
