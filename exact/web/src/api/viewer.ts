/** What the viewer asks of the server, each question one function. */

import { type Annotation, type AnnotationType, annotationFromWire } from "../model/annotation";
import type { Axis } from "../model/frames";
import type { GridLevel } from "../model/grid";
import type { Channel, Window } from "../model/look";
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

export interface PlaneOfTiles extends PlaneOfImage {
  readonly levels: readonly GridLevel[];
}

/** Everything that is needed to show an image's own tiles. */
export interface TileInfo {
  readonly number: number;
  readonly format: string;
  /** Of the renderer. */
  readonly version: number | string;
  /** Of the file. */
  readonly content: string;
  readonly frame_names: readonly string[] | null;
  readonly axes: readonly Axis[];
  readonly channels: readonly Channel[];
  readonly window: Window | null;
  readonly window_limits: Window | null;
  readonly has_profile: boolean;
  readonly planes: readonly PlaneOfTiles[];
}

export interface AssociatedImage {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** null for those who may not see it. */
  readonly address: string | null;
}

/** What is known of an image; unknown is null. */
export interface ImageMetadata {
  readonly number: number;
  readonly name: string;
  readonly filename: string;
  readonly format: string;
  readonly size_bytes: number;
  readonly sha256: string;
  readonly uploaded_by: string | null;
  readonly uploaded_at: string;
  readonly width: number;
  readonly height: number;
  readonly levels: readonly { readonly width: number; readonly height: number; readonly downsample: number }[];
  readonly pixel_size_um: { readonly x: number | null; readonly y: number | null; readonly z: number | null; readonly source: string | null };
  readonly objective_power: number | null;
  readonly scanner: string | null;
  readonly channels_count: number;
  readonly channels: readonly Channel[];
  readonly window: Window | null;
  readonly has_profile: boolean;
  readonly frames: { readonly count: number; readonly names: readonly string[] | null; readonly axes: readonly Axis[] };
  readonly planes: readonly PlaneOfImage[];
  readonly associated_images: readonly AssociatedImage[];
  readonly properties: Readonly<Record<string, string>>;
  readonly withheld_properties: number;
  readonly may_read_labels: boolean;
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

export const tileInfo = (image: number): Promise<TileInfo> => request("GET", `/tiles/${image}/info.json`);

export const imageMetadata = (image: number): Promise<ImageMetadata> => request("GET", `${API}/images/images/${image}/metadata/`);

/** The ancestor's Deep Zoom, shown when the image's own tiles cannot be; `frame` is the zero-based slice. */
export function tileSource(image: number, plane: number, frame: number): string {
  return `/images/image/${image}/${plane + 1}/${frame}/tile/`;
}

export function liveAddress(image: number): string {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  return `${scheme}://${location.host}/ws/images/${image}/`;
}
