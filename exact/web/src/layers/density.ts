/** Where very many shapes lie: counts on a grid, painted as warmth; the third step, when outlines and boxes would be mud. */

import type { Extent } from "../model/vector";
import { UNITS_PER_PIXEL } from "../model/vector";
import type { Matrix } from "../viewer/view";
import { rgbOf } from "./colours";
import { STYLES_PER_TYPE, type ShapeTable } from "./shapes";

/** Cells along the longer side of the image. */
const CELLS = 256;

export class Density {
  private readonly picture: HTMLCanvasElement;
  private readonly cellPx: number;

  constructor(table: ShapeTable, extent: Extent, colours: readonly string[]) {
    this.cellPx = Math.max(extent.width, extent.height) / CELLS;
    this.picture = document.createElement("canvas");
    this.picture.width = Math.max(1, Math.ceil(extent.width / this.cellPx));
    this.picture.height = Math.max(1, Math.ceil(extent.height / this.cellPx));
    this.fill(table, colours);
  }

  /** Draws the grid over the image. */
  paint(g: CanvasRenderingContext2D, matrix: Matrix, ratio: number): void {
    const { a, b, c, d, e, f } = matrix;
    g.save();
    g.setTransform(a * ratio, b * ratio, c * ratio, d * ratio, e * ratio, f * ratio);
    g.scale(this.cellPx, this.cellPx);
    g.imageSmoothingEnabled = true;
    g.drawImage(this.picture, 0, 0);
    g.restore();
  }

  private fill(table: ShapeTable, colours: readonly string[]): void {
    const { width, height } = this.picture;
    const g = this.picture.getContext("2d");
    if (!g) return;
    const counts = new Float32Array(width * height);
    const sums = new Float32Array(3 * width * height);
    for (let i = 0; i < table.count; i++) this.count(table, i, colours, counts, sums);
    const image = g.createImageData(width, height);
    const most = Math.log1p(counts.reduce((max, value) => Math.max(max, value), 1));
    counts.forEach((count, cell) => {
      if (count === 0) return;
      for (let k = 0; k < 3; k++) image.data[4 * cell + k] = sums[3 * cell + k]! / count;
      image.data[4 * cell + 3] = 70 + (165 * Math.log1p(count)) / most;
    });
    g.putImageData(image, 0, 0);
  }

  private count(table: ShapeTable, i: number, colours: readonly string[], counts: Float32Array, sums: Float32Array): void {
    const { width, height } = this.picture;
    const side = this.cellPx * UNITS_PER_PIXEL;
    const x = Math.min(width - 1, Math.max(0, Math.floor((table.boxes[4 * i]! + table.boxes[4 * i + 2]!) / 2 / side)));
    const y = Math.min(height - 1, Math.max(0, Math.floor((table.boxes[4 * i + 1]! + table.boxes[4 * i + 3]!) / 2 / side)));
    const cell = y * width + x;
    const colour = rgbOf(colours[Math.floor(table.styles[i]! / STYLES_PER_TYPE)] ?? "");
    counts[cell]! += 1;
    for (let k = 0; k < 3; k++) sums[3 * cell + k]! += colour[k]!;
  }
}
