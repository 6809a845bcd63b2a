/** What is in hand: the selection with its handles, the preview of a tool, a version of the past. Repainted with every move. */

import { type Vector, VectorType } from "../model/vector";
import { handlesOf } from "../tools/handles";
import type { Preview } from "../tools/tool";
import { type Matrix, type View, inUnits, project, zoomOf } from "../viewer/view";
import { StageCanvas } from "./canvas";
import { withAlpha } from "./colours";
import { trace } from "./paint";

export interface InHand {
  /** Selected shapes; the first `editable` shows its handles. */
  readonly selected: readonly Vector[];
  readonly editable: Vector | null;
  /** The handle of that point was touched last. */
  readonly active: number | null;
  readonly hovered: Vector | null;
  readonly preview: Preview | null;
  readonly colour: string;
  /** A version from the history, and what it is called. */
  readonly ghost: { readonly vector: Vector; readonly label: string } | null;
}

const ACCENT = "#35c4ea";
const DANGER = "#ff4d5e";

export class EditLayer {
  readonly canvas = new StageCanvas("edit");
  private frame = 0;
  private inHand: InHand | null = null;

  constructor(private view: View) {}

  setView(view: View): void {
    this.view = view;
    this.request();
  }

  show(inHand: InHand): void {
    this.inHand = inHand;
    this.request();
  }

  destroy(): void {
    cancelAnimationFrame(this.frame);
  }

  private request(): void {
    if (!this.frame) this.frame = requestAnimationFrame(() => this.paint());
  }

  private paint(): void {
    this.frame = 0;
    const { inHand, view } = this;
    if (!inHand || view.width === 0) return;
    this.canvas.paint(view, (g, matrix) => paintAll(g, inUnits(matrix), inHand, 800 / zoomOf(matrix)));
  }
}

function paintAll(g: CanvasRenderingContext2D, m: Matrix, inHand: InHand, tolerance: number): void {
  const { hovered, selected, editable, preview, ghost } = inHand;
  if (hovered) stroke(g, hovered, m, [["rgba(255,255,255,0.75)", 3.4]]);
  for (const vector of selected) stroke(g, vector, m, [["rgba(4,10,14,0.6)", 6.4], ["#ffffff", 4.2], [ACCENT, 2]]);
  if (ghost) paintGhost(g, ghost.vector, ghost.label, m);
  if (preview) paintPreview(g, preview, m, inHand.colour);
  if (editable && !preview) paintHandles(g, editable, m, tolerance, inHand.active);
}

function pathOf(vector: Vector, m: Matrix): Path2D {
  const path = new Path2D();
  if (vector.points.length >= 4) trace(path, vector.vector_type, vector.points, 0, vector.points.length, m);
  return path;
}

function stroke(g: CanvasRenderingContext2D, vector: Vector, m: Matrix, lines: readonly (readonly [string, number])[]): void {
  const path = pathOf(vector, m);
  g.lineJoin = "round";
  for (const [colour, width] of lines) {
    g.strokeStyle = colour;
    g.lineWidth = width;
    g.stroke(path);
  }
}

function paintGhost(g: CanvasRenderingContext2D, vector: Vector, label: string, m: Matrix): void {
  g.setLineDash([5, 4]);
  stroke(g, vector, m, [["rgba(4,10,14,0.7)", 4], ["#ffd54a", 2]]);
  g.setLineDash([]);
  const [x, y] = project(m, vector.points[0] ?? 0, vector.points[1] ?? 0);
  g.font = "600 12px system-ui, sans-serif";
  const width = g.measureText(label).width + 12;
  g.fillStyle = "#ffd54a";
  g.beginPath();
  g.roundRect(x, y - 26, width, 20, 5);
  g.fill();
  g.fillStyle = "#1a1400";
  g.fillText(label, x + 6, y - 12);
}

function paintPreview(g: CanvasRenderingContext2D, preview: Preview, m: Matrix, colour: string): void {
  const { vector, open, crossing, dots } = preview;
  const path = pathOf(open && vector.vector_type === VectorType.POLYGON ? { ...vector, vector_type: VectorType.MULTI_LINE } : vector, m);
  g.lineJoin = "round";
  if (vector.vector_type !== VectorType.MULTI_LINE && vector.vector_type !== VectorType.LINE) {
    g.fillStyle = withAlpha(colour, 0.14);
    g.fill(pathOf(vector, m));
  }
  for (const [style, width] of [["rgba(4,10,14,0.55)", 4.2], [colour, 2.2]] as const) {
    g.strokeStyle = style;
    g.lineWidth = width;
    g.stroke(path);
  }
  if (open && vector.vector_type === VectorType.POLYGON) paintClosing(g, vector, m, colour);
  if (crossing) paintCrossing(g, vector.points, crossing, m);
  for (let i = 0; i < dots.length; i += 2) dot(g, project(m, dots[i]!, dots[i + 1]!), i === 0 ? 5 : 3.5, colour);
}

/** The stretch that would close the outline, faintly. */
function paintClosing(g: CanvasRenderingContext2D, { points }: Vector, m: Matrix, colour: string): void {
  if (points.length < 6) return;
  g.setLineDash([3, 5]);
  g.strokeStyle = withAlpha(colour, 0.8);
  g.lineWidth = 1.4;
  g.beginPath();
  g.moveTo(...project(m, points.at(-2)!, points.at(-1)!));
  g.lineTo(...project(m, points[0]!, points[1]!));
  g.stroke();
  g.setLineDash([]);
}

function paintCrossing(g: CanvasRenderingContext2D, points: readonly number[], crossing: readonly [number, number], m: Matrix): void {
  const count = points.length / 2;
  g.strokeStyle = DANGER;
  g.lineWidth = 3.4;
  for (const first of crossing.filter((index) => index >= 0 && index < count)) {
    const next = (first + 1) % count;
    g.beginPath();
    g.moveTo(...project(m, points[2 * first]!, points[2 * first + 1]!));
    g.lineTo(...project(m, points[2 * next]!, points[2 * next + 1]!));
    g.stroke();
  }
}

function dot(g: CanvasRenderingContext2D, [x, y]: readonly [number, number], radius: number, colour: string): void {
  g.beginPath();
  g.arc(x, y, radius, 0, 2 * Math.PI);
  g.fillStyle = "#ffffff";
  g.fill();
  g.lineWidth = 1.8;
  g.strokeStyle = colour;
  g.stroke();
}

function paintHandles(g: CanvasRenderingContext2D, vector: Vector, m: Matrix, tolerance: number, active: number | null): void {
  for (const handle of handlesOf(vector, tolerance)) {
    const [x, y] = project(m, ...handle.at);
    const small = handle.kind === "middle";
    const size = small ? 5 : 8;
    g.beginPath();
    if (small) g.arc(x, y, size / 2 + 0.5, 0, 2 * Math.PI);
    else g.roundRect(x - size / 2, y - size / 2, size, size, 1.5);
    g.fillStyle = handle.kind === "point" && handle.index === active ? ACCENT : small ? "rgba(255,255,255,0.7)" : "#ffffff";
    g.fill();
    g.lineWidth = 1.3;
    g.strokeStyle = "#06222c";
    g.stroke();
  }
}
