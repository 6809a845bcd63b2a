/** A canvas over the stage: sharp on every screen, and larger than the stage by a margin so that panning need not repaint. */

import { type Matrix, type View, inverted, shifted, times } from "../viewer/view";

export class StageCanvas {
  readonly element = document.createElement("canvas");
  private readonly context: CanvasRenderingContext2D | null;
  private painted: { matrix: Matrix; width: number; height: number; margin: number } | null = null;

  /** `overscan`: margin on each side as a part of the stage. */
  constructor(name: string, private readonly overscan = 0) {
    this.element.dataset["layer"] = name;
    this.element.setAttribute("aria-hidden", "true");
    Object.assign(this.element.style, { position: "absolute", left: "0", top: "0", pointerEvents: "none", transformOrigin: "0 0" });
    this.context = this.element.getContext("2d");
  }

  margin({ width, height }: View): number {
    return Math.ceil(Math.max(width, height) * this.overscan);
  }

  /** Clears and paints anew; the painter gets a matrix from image pixels to the canvas, and CSS pixels as unit. */
  paint(view: View, painter: (g: CanvasRenderingContext2D, matrix: Matrix, ratio: number, margin: number) => void): void {
    const g = this.context;
    const margin = this.margin(view);
    const ratio = window.devicePixelRatio || 1;
    this.resize(view, margin, ratio);
    this.painted = { matrix: view.matrix, width: view.width, height: view.height, margin };
    this.element.style.transform = `translate(${-margin}px, ${-margin}px)`;
    if (!g) return;
    g.setTransform(1, 0, 0, 1, 0, 0);
    g.clearRect(0, 0, this.element.width, this.element.height);
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    painter(g, shifted(view.matrix, margin, margin), ratio, margin);
  }

  /**
   * Moves what is painted to where it belongs in the new view, and says how good that is:
   * "fits" (only moved, inside the margin), "outside" (parts are missing), "scaled" (lines have the wrong width).
   */
  follow(view: View): "fits" | "outside" | "scaled" {
    const { painted } = this;
    if (!painted || painted.width !== view.width || painted.height !== view.height) return "outside";
    const t = times(view.matrix, inverted(painted.matrix));
    const m = painted.margin;
    const [x, y] = [t.e - t.a * m - t.c * m, t.f - t.b * m - t.d * m];
    this.element.style.transform = `matrix(${t.a}, ${t.b}, ${t.c}, ${t.d}, ${x}, ${y})`;
    const onlyMoved = Math.abs(t.a - 1) < 1e-6 && Math.abs(t.b) < 1e-6;
    if (!onlyMoved) return "scaled";
    return Math.abs(t.e) <= m && Math.abs(t.f) <= m ? "fits" : "outside";
  }

  private resize(view: View, margin: number, ratio: number): void {
    const [width, height] = [view.width + 2 * margin, view.height + 2 * margin];
    const [pixelsWide, pixelsHigh] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.element.width === pixelsWide && this.element.height === pixelsHigh) return;
    this.element.width = pixelsWide;
    this.element.height = pixelsHigh;
    this.element.style.width = `${width}px`;
    this.element.style.height = `${height}px`;
  }
}
