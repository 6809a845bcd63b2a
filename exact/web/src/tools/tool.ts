/** A tool is a pure machine: (state, event, surface) → (state, preview, wishes). No tool touches the page or the server. */

import type { Bounds, Extent, Point, Vector, VectorType } from "../model/vector";

export interface Modifiers {
  readonly alt: boolean;
  readonly shift: boolean;
}

/** `at` is in 1/100 pixel; `tolerance` is how far 8 screen pixels reach there. */
export interface PointerStep {
  readonly kind: "down" | "move" | "up" | "double";
  readonly at: Point;
  readonly tolerance: number;
  readonly modifiers: Modifiers;
}

export interface KeyStep {
  readonly kind: "finish" | "cancel" | "back";
}

export type ToolEvent = PointerStep | KeyStep;

/** What a tool has to know about an annotation type. */
export interface Drawable {
  readonly vector_type: number;
  readonly node_count: number;
  readonly default_width: number;
  readonly default_height: number;
}

/** What the tool works on. */
export interface Surface {
  readonly extent: Extent;
  readonly frame: number | null;
  readonly plane: number;
  readonly type: Drawable | null;
  /** What the person sees of the image. */
  readonly view: Bounds;
  /** The one selected annotation that may be changed. */
  readonly selected: { readonly key: string; readonly vector: Vector } | null;
  /** The annotation under the place, nearest border first. */
  readonly hit: (at: Point, tolerance: number) => string | null;
}

export type Wish =
  | { readonly wish: "draw"; readonly vector: Vector }
  | { readonly wish: "reshape"; readonly key: string; readonly vector: Vector }
  | { readonly wish: "remove"; readonly key: string }
  | { readonly wish: "select"; readonly key: string | null; readonly add: boolean };

/** What is shown while the tool works. */
export interface Preview {
  readonly vector: Vector;
  /** The annotation it stands for, which is then not drawn itself. */
  readonly key: string | null;
  /** Points to be seen as dots. */
  readonly dots: readonly number[];
  /** The last stretch is not fixed yet. */
  readonly open: boolean;
  /** First points of two edges that cross. */
  readonly crossing: readonly [number, number] | null;
}

export interface Outcome<State> {
  readonly state: State;
  readonly preview: Preview | null;
  readonly wishes: readonly Wish[];
  /** A sentence for the person. */
  readonly message?: string;
  /** False: the event is not for the tool, the view may pan. */
  readonly handled: boolean;
}

export interface Tool<State> {
  readonly idle: State;
  step(state: State, event: ToolEvent, surface: Surface): Outcome<State>;
  /** Is something half done that a key may finish, cancel or step back? */
  busy(state: State): boolean;
}

export function nothing<State>(state: State, handled = false): Outcome<State> {
  return { state, preview: null, wishes: [], handled };
}

/** A vector on the surface's frame and plane. */
export function vectorOn(surface: Surface, vector_type: VectorType, points: readonly number[]): Vector {
  return { vector_type, points, frame: surface.frame, plane: surface.plane };
}

export function previewOf(vector: Vector, more: Partial<Preview> = {}): Preview {
  return { vector, key: null, dots: [], open: false, crossing: null, ...more };
}

export function distance(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}
