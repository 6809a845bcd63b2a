/** Strokes and fills of shapes on a 2D canvas; lines keep their width on the screen at every zoom. */

import { VectorType } from "../model/vector";
import { type Matrix, angleOf } from "../viewer/view";
import { withAlpha } from "./colours";
import { STYLES_PER_TYPE } from "./shapes";

/** `m` goes from 1/100 pixel to CSS pixels. */
export function trace(path: Path2D | CanvasRenderingContext2D, kind: number, p: ArrayLike<number>, from: number, to: number, m: Matrix): void {
  if (kind === VectorType.ELLIPSE) return traceEllipse(path, p, from, m);
  if (kind === VectorType.POLYGON || kind === VectorType.LINE || kind === VectorType.MULTI_LINE) {
    return tracePoints(path, p, from, to, m, kind === VectorType.POLYGON);
  }
  const [left, top, right, bottom] = [p[from]!, p[from + 1]!, p[from + 2]!, p[from + 3]!];
  tracePoints(path, [left, top, right, top, right, bottom, left, bottom], 0, 8, m, true);
}

function tracePoints(path: Path2D | CanvasRenderingContext2D, p: ArrayLike<number>, from: number, to: number, m: Matrix, closed: boolean): void {
  const { a, b, c, d, e, f } = m;
  path.moveTo(a * p[from]! + c * p[from + 1]! + e, b * p[from]! + d * p[from + 1]! + f);
  for (let i = from + 2; i < to; i += 2) {
    path.lineTo(a * p[i]! + c * p[i + 1]! + e, b * p[i]! + d * p[i + 1]! + f);
  }
  if (closed) path.closePath();
}

function traceEllipse(path: Path2D | CanvasRenderingContext2D, p: ArrayLike<number>, from: number, m: Matrix): void {
  const [x, y] = [(p[from]! + p[from + 2]!) / 2, (p[from + 1]! + p[from + 3]!) / 2];
  const scale = Math.hypot(m.a, m.b);
  const [rx, ry] = [((p[from + 2]! - p[from]!) / 2) * scale, ((p[from + 3]! - p[from + 1]!) / 2) * scale];
  const [cx, cy] = [m.a * x + m.c * y + m.e, m.b * x + m.d * y + m.f];
  const angle = angleOf(m);
  path.moveTo(cx + rx * Math.cos(angle), cy + rx * Math.sin(angle));
  path.ellipse(cx, cy, Math.abs(rx), Math.abs(ry), angle, 0, 2 * Math.PI);
}

/** Line of a style: accepted is strong, rejected dashed, unsent dotted; the colour is only the type's. */
export function strokeStyle(g: CanvasRenderingContext2D, style: number, colour: string, fill: number, path: Path2D, cased: boolean): void {
  const code = style % STYLES_PER_TYPE;
  const status = code % 3;
  const unsent = code >= 3;
  if (fill > 0) {
    g.fillStyle = withAlpha(colour, status === 2 ? fill / 2 : fill);
    g.fill(path);
  }
  const width = status === 1 ? 2.6 : 1.6;
  g.lineJoin = "round";
  g.setLineDash(unsent ? [2, 4] : status === 2 ? [7, 4] : []);
  g.lineCap = unsent ? "round" : "butt";
  if (cased) {
    g.strokeStyle = "rgba(8,14,18,0.38)";
    g.lineWidth = width + 1.8;
    g.stroke(path);
  }
  g.strokeStyle = colour;
  g.lineWidth = width;
  g.stroke(path);
  g.setLineDash([]);
}

const MARK = 6.5;

/** A tick or a cross in a small disc at the shape's top right: status without colour. */
export function paintMark(g: CanvasRenderingContext2D, style: number, x: number, y: number): void {
  const status = (style % STYLES_PER_TYPE) % 3;
  if (status === 0) return;
  g.beginPath();
  g.arc(x, y, MARK, 0, 2 * Math.PI);
  g.fillStyle = "rgba(10,16,20,0.86)";
  g.fill();
  g.lineWidth = 1;
  g.strokeStyle = "rgba(255,255,255,0.9)";
  g.stroke();
  g.beginPath();
  if (status === 1) {
    g.moveTo(x - 3, y + 0.3);
    g.lineTo(x - 0.8, y + 2.5);
    g.lineTo(x + 3.2, y - 2.4);
  } else {
    g.moveTo(x - 2.4, y - 2.4);
    g.lineTo(x + 2.4, y + 2.4);
    g.moveTo(x + 2.4, y - 2.4);
    g.lineTo(x - 2.4, y + 2.4);
  }
  g.lineWidth = 1.7;
  g.lineCap = "round";
  g.strokeStyle = "#fff";
  g.stroke();
}
