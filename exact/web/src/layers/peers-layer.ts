/** Where the others are: their cursors with names, what they have selected, and a hint at the rim when they are elsewhere. */

import type { Presence } from "../live/protocol";
import type { Vector } from "../model/vector";
import { type Matrix, type View, inUnits, project } from "../viewer/view";
import { StageCanvas } from "./canvas";
import { inkOn } from "./colours";
import { trace } from "./paint";

export interface Peer {
  readonly presence: Presence;
  /** Since when the cursor has not moved, ms. */
  readonly idleMs: number;
  /** Outlines of what they have selected. */
  readonly selected: readonly Vector[];
}

const FADE_AFTER_MS = 8_000;
const GONE_AFTER_MS = 90_000;
const RIM = 14;
/** The lower edge has the scale bar and the zoom buttons. */
const LOWER_RIM = 68;

/** 1 while it moves, then less, then nothing. */
export function presenceOpacity(idleMs: number): number {
  if (idleMs > GONE_AFTER_MS) return 0;
  return idleMs > FADE_AFTER_MS ? 0.4 : 1;
}

export class PeersLayer {
  readonly canvas = new StageCanvas("peers");
  private frame = 0;
  private peers: readonly Peer[] = [];

  constructor(private view: View) {}

  setView(view: View): void {
    this.view = view;
    if (this.peers.length > 0) this.request();
  }

  show(peers: readonly Peer[]): void {
    this.peers = peers;
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
    if (this.view.width === 0) return;
    this.canvas.paint(this.view, (g, matrix) => {
      for (const peer of this.peers) this.paintPeer(g, inUnits(matrix), peer);
    });
  }

  private paintPeer(g: CanvasRenderingContext2D, m: Matrix, { presence, idleMs, selected }: Peer): void {
    g.globalAlpha = presenceOpacity(idleMs);
    if (g.globalAlpha > 0) {
      for (const vector of selected) paintHold(g, vector, m, presence.colour);
      if (presence.cursor) this.paintCursor(g, project(m, ...presence.cursor), presence);
    }
    g.globalAlpha = 1;
  }

  private paintCursor(g: CanvasRenderingContext2D, [x, y]: readonly [number, number], presence: Presence): void {
    const { width, height } = this.view;
    if (x < 0 || y < 0 || x > width || y > height) return this.paintHint(g, x, y, presence);
    g.beginPath();
    g.moveTo(x, y);
    g.lineTo(x + 4.6, y + 14.4);
    g.lineTo(x + 7.2, y + 8.2);
    g.lineTo(x + 13.6, y + 6.2);
    g.closePath();
    g.fillStyle = presence.colour;
    g.fill();
    g.lineWidth = 1.4;
    g.strokeStyle = "#ffffff";
    g.stroke();
    flag(g, x + 12, y + 14, presence.name, presence.colour);
  }

  /** A small arrow at the rim, pointing to where the person is. */
  private paintHint(g: CanvasRenderingContext2D, x: number, y: number, { name, colour }: Presence): void {
    const { width, height } = this.view;
    const [px, py] = [Math.min(Math.max(x, RIM), width - RIM), Math.min(Math.max(y, RIM), height - LOWER_RIM)];
    const angle = Math.atan2(y - py, x - px);
    g.save();
    g.translate(px, py);
    g.rotate(angle);
    g.beginPath();
    g.moveTo(9, 0);
    g.lineTo(-5, -6.5);
    g.lineTo(-2, 0);
    g.lineTo(-5, 6.5);
    g.closePath();
    g.fillStyle = colour;
    g.fill();
    g.lineWidth = 1.2;
    g.strokeStyle = "#ffffff";
    g.stroke();
    g.restore();
    const label = name.split(/\s+/)[0] ?? name;
    g.font = "600 11px system-ui, sans-serif";
    const wide = g.measureText(label).width + 12;
    flag(g, Math.min(Math.max(px - wide / 2, 4), width - wide - 4), py < height / 2 ? py + 11 : py - 29, label, colour);
  }
}

/** An outline that somebody else has selected. */
function paintHold(g: CanvasRenderingContext2D, vector: Vector, m: Matrix, colour: string): void {
  if (vector.points.length < 4) return;
  const path = new Path2D();
  trace(path, vector.vector_type, vector.points, 0, vector.points.length, m);
  g.lineWidth = 5;
  g.strokeStyle = colour;
  const alpha = g.globalAlpha;
  g.globalAlpha = alpha * 0.55;
  g.stroke(path);
  g.globalAlpha = alpha;
}

function flag(g: CanvasRenderingContext2D, x: number, y: number, text: string, colour: string): void {
  g.font = "600 11px system-ui, sans-serif";
  const width = g.measureText(text).width + 12;
  g.beginPath();
  g.roundRect(x, y, width, 18, 5);
  g.fillStyle = colour;
  g.fill();
  g.fillStyle = inkOn(colour);
  g.textBaseline = "middle";
  g.fillText(text, x + 6, y + 9.5);
  g.textBaseline = "alphabetic";
}
