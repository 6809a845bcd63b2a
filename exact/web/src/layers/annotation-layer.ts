/** All annotations over the tiles: outlines while there are few in view, boxes while there are many, else density. */

import { boundsOf } from "../model/geometry";
import { type Bounds, type Extent, type Point, type VectorType, isClosed } from "../model/vector";
import { type Matrix, type View, inUnits, seenInUnits, zoomOf } from "../viewer/view";
import { StageCanvas } from "./canvas";
import { withAlpha } from "./colours";
import { Density } from "./density";
import { paintMark, strokeStyle, trace } from "./paint";
import { STYLES_PER_TYPE, type Shape, ShapeTable, bestHit, hitOf, styleOf } from "./shapes";

/** So many in view are still drawn as they are. */
export const MOST_OUTLINES = 3000;
/** So many in view are still drawn as boxes. */
export const MOST_BOXES = 30_000;
/** Lines get a dark rim and verified shapes their mark while there are no more than this in view. */
const MOST_DRESSED = 700;
/** Up to this many shapes the table is made anew at every change; above it, changes go to the second canvas first. */
const SMALL_TABLE = 1500;
/** So many changes lie on the second canvas before the table is made anew, once the hand rests. */
const MOST_RECENT = 400;
const REBUILD_IDLE_MS = 900;
const REPAINT_MS = 110;
/** When the view has come to rest, it is painted once more at whole sharpness. */
const REST_MS = 180;

export type Step = "outlines" | "boxes" | "density";

/** How many shapes in view are shown how. */
export function stepFor(inView: number): Step {
  return inView <= MOST_OUTLINES ? "outlines" : inView <= MOST_BOXES ? "boxes" : "density";
}

export interface LayerSource {
  /** All shapes that are to be seen in this frame. */
  shapes(): readonly Shape[];
  /** One of them; undefined when it is not to be seen. */
  shape(key: string): Shape | undefined;
  readonly colours: readonly string[];
  readonly extent: Extent;
}

export class AnnotationLayer {
  readonly base = new StageCanvas("annotations", 0.15);
  readonly recent = new StageCanvas("recent", 0.15);
  /** Opacity of the inside of shapes, 0 to 1. */
  fill = 0.1;
  visible = true;
  private table = new ShapeTable([]);
  private density: Density | null = null;
  private readonly changed = new Map<string, Shape | undefined>();
  private lifted: string | null = null;
  private frame = 0;
  private stale = { base: true, table: true };
  private rebuild: ReturnType<typeof setTimeout> | undefined;
  private repaint: ReturnType<typeof setTimeout> | undefined;
  private rest: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly source: LayerSource, private view: View) {}

  /** What step the view is shown in; for the legend and tests. */
  get step(): Step {
    return stepFor(this.table.within(seenInUnits(this.view)).length);
  }

  setView(view: View): void {
    this.view = view;
    const fit = this.base.follow(view);
    this.recent.follow(view);
    if (fit === "outside") this.repaintNow();
    else if (fit === "scaled") this.soonRepaint(REPAINT_MS);
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.repaintNow(), REST_MS);
  }

  /** Everything may be different: other frame, other filter, other list. */
  reset(): void {
    this.stale = { base: true, table: true };
    this.request();
  }

  /** Only these rows changed. Remote edits never repaint the base at once: they are gathered on the second canvas. */
  update(keys: ReadonlySet<string>): void {
    if (this.table.count <= SMALL_TABLE) return this.reset();
    let replaced = false;
    for (const key of keys) {
      this.changed.set(key, this.source.shape(key));
      replaced = this.table.drop(key) || replaced;
    }
    if (replaced) this.soonRepaint(REPAINT_MS);
    clearTimeout(this.rebuild);
    if (this.changed.size > MOST_RECENT) this.rebuild = setTimeout(() => this.reset(), REBUILD_IDLE_MS);
    this.request();
  }

  /** The shape that is in hand is not painted here while it is. */
  lift(key: string | null): void {
    if (key === this.lifted) return;
    this.lifted = key;
    this.repaintNow();
  }

  hit(at: Point, tolerance: number): string | null {
    if (!this.visible) return null;
    const fresh = [...this.changed.values()].filter((shape) => shape !== undefined).map((shape) => hitOf(shape, at));
    return bestHit([...this.table.near(at, tolerance), ...fresh], tolerance);
  }

  /** Keys whose box meets the bounds (1/100 pixel). */
  keysWithin(bounds: Bounds): string[] {
    return this.table.within(bounds).map((i) => this.table.keys[i]!);
  }

  destroy(): void {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.rebuild);
    clearTimeout(this.repaint);
    clearTimeout(this.rest);
  }

  private repaintNow(): void {
    this.stale.base = true;
    this.request();
  }

  private soonRepaint(ms: number): void {
    if (this.repaint !== undefined) return;
    this.repaint = setTimeout(() => {
      this.repaint = undefined;
      this.repaintNow();
    }, ms);
  }

  private request(): void {
    if (!this.frame) this.frame = requestAnimationFrame(() => this.paint());
  }

  private paint(): void {
    this.frame = 0;
    if (this.view.width === 0) return;
    if (this.stale.table) this.remake();
    if (this.stale.base) this.base.paint(this.view, (...to) => this.paintBase(...to));
    this.recent.paint(this.view, (g, matrix) => this.paintRecent(g, matrix));
    this.stale = { base: false, table: false };
  }

  private remake(): void {
    clearTimeout(this.rebuild);
    this.table = new ShapeTable(this.source.shapes());
    this.density = null;
    this.changed.clear();
    this.stale.base = true;
  }

  private paintBase(g: CanvasRenderingContext2D, matrix: Matrix, ratio: number, margin: number): void {
    if (!this.visible) return;
    const ids = this.table.within(seenInUnits(this.view, margin));
    const step = stepFor(ids.length);
    if (step === "outlines") this.paintOutlines(g, ids, matrix);
    else if (step === "boxes") this.paintBoxes(g, ids, inUnits(matrix));
    else (this.density ??= new Density(this.table, this.source.extent, this.source.colours)).paint(g, matrix, ratio);
  }

  private paintOutlines(g: CanvasRenderingContext2D, ids: readonly number[], matrix: Matrix): void {
    const m = inUnits(matrix);
    const dressed = ids.length <= MOST_DRESSED;
    // Open lines have no inside: of each style, closed and open shapes go into paths of their own.
    const paths = new Map<number, Path2D>();
    const marks: [number, number, number][] = [];
    for (const i of ids) {
      if (this.lifted !== null && this.table.keys[i] === this.lifted) continue;
      const style = this.table.styles[i]!;
      const slot = 2 * style + (isClosed(this.table.kinds[i] as VectorType) ? 1 : 0);
      let path = paths.get(slot);
      if (!path) paths.set(slot, (path = new Path2D()));
      trace(path, this.table.kinds[i]!, this.table.points, this.table.offsets[i]!, this.table.offsets[i + 1]!, m);
      if (dressed) this.mark(marks, style, this.table.boxes.subarray(4 * i, 4 * i + 4), m);
    }
    const fill = zoomOf(matrix) > 0.02 ? this.fill : 0;
    for (const [slot, path] of paths) {
      const style = slot >> 1;
      strokeStyle(g, style, this.colourOf(style), slot % 2 ? fill : 0, path, dressed);
    }
    for (const mark of marks) paintMark(g, ...mark);
  }

  private mark(marks: [number, number, number][], style: number, box: ArrayLike<number>, m: Matrix): void {
    if ((style % STYLES_PER_TYPE) % 3 === 0 || (box[2]! - box[0]!) * Math.hypot(m.a, m.b) < 14) return;
    marks.push([style, m.a * box[2]! + m.c * box[1]! + m.e, m.b * box[2]! + m.d * box[1]! + m.f]);
  }

  private paintBoxes(g: CanvasRenderingContext2D, ids: readonly number[], m: Matrix): void {
    const scale = Math.hypot(m.a, m.b);
    const { boxes, styles } = this.table;
    const byType = new Map<number, number[]>();
    for (const i of ids) {
      const type = Math.floor(styles[i]! / STYLES_PER_TYPE);
      const list = byType.get(type);
      if (list) list.push(i);
      else byType.set(type, [i]);
    }
    for (const [type, list] of byType) {
      g.fillStyle = withAlpha(this.source.colours[type] ?? "", 0.75);
      for (const i of list) {
        const [x, y] = [(boxes[4 * i]! + boxes[4 * i + 2]!) / 2, (boxes[4 * i + 1]! + boxes[4 * i + 3]!) / 2];
        const width = Math.max(2, (boxes[4 * i + 2]! - boxes[4 * i]!) * scale);
        const height = Math.max(2, (boxes[4 * i + 3]! - boxes[4 * i + 1]!) * scale);
        g.fillRect(m.a * x + m.c * y + m.e - width / 2, m.b * x + m.d * y + m.f - height / 2, width, height);
      }
    }
  }

  private paintRecent(g: CanvasRenderingContext2D, matrix: Matrix): void {
    if (!this.visible) return;
    const m = inUnits(matrix);
    for (const [key, shape] of this.changed) {
      if (!shape || key === this.lifted || shape.vector.points.length < 4) continue;
      const path = new Path2D();
      trace(path, shape.vector.vector_type, shape.vector.points, 0, shape.vector.points.length, m);
      const style = styleOf(shape);
      strokeStyle(g, style, this.colourOf(style), isClosed(shape.vector.vector_type) ? this.fill : 0, path, true);
      const marks: [number, number, number][] = [];
      this.mark(marks, style, boundsOf(shape.vector.points) ?? [], m);
      for (const mark of marks) paintMark(g, ...mark);
    }
  }

  private colourOf(style: number): string {
    return this.source.colours[Math.floor(style / STYLES_PER_TYPE)] ?? "#56b4e9";
  }
}
