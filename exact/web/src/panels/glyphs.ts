/** The viewer's own signs, drawn like the design system's icons: a grid of 16, one line width. */

import { type TemplateResult, html, svg } from "lit";
import type { Status } from "../model/annotation";
import type { ToolName } from "../tools/registry";

const line = (d: string) => svg`<path d=${d} />`;
const dot = (cx: number, cy: number, r: number) => svg`<circle cx=${cx} cy=${cy} r=${r} fill="currentColor" stroke="none" />`;

const DRAWINGS = {
  select: line("M3.2 2.2 12.8 7 8.6 8.6 7 12.8 3.2 2.2ZM9 9l4 4.2"),
  pan: line("M5 8V3.6a1 1 0 0 1 2 0V7m0-.2V2.6a1 1 0 0 1 2 0V7m0-3.4a1 1 0 0 1 2 0V8m0-2.2a1 1 0 0 1 2 0v3.4c0 3-1.8 4.8-4.4 4.8-2.2 0-3.2-.8-4.4-2.8L2.7 8.9c-.5-1 .7-1.8 1.5-1L5 8.8"),
  point: svg`${line("M12 8a4 4 0 1 1-8 0 4 4 0 0 1 8 0ZM8 1.5v2.5M8 12v2.5M1.5 8H4M12 8h2.5")}${dot(8, 8, 1.2)}`,
  ellipse: line("M14 8c0 2.5-2.7 4.5-6 4.5S2 10.5 2 8s2.7-4.5 6-4.5S14 5.5 14 8Z"),
  box: svg`${line("M3 4h10v8H3V4Z")}${dot(3, 4, 1.4)}${dot(13, 12, 1.4)}`,
  "fixed-box": line("M3.5 3.5h9v9h-9v-9ZM8 6v4M6 8h4"),
  line: svg`${line("M3.2 12.8 12.8 3.2")}${dot(3, 13, 1.5)}${dot(13, 3, 1.5)}`,
  "multi-line": svg`${line("M2.5 12 6 5l4 5.5L13.5 4")}${dot(2.5, 12, 1.4)}${dot(6, 5, 1.4)}${dot(10, 10.5, 1.4)}${dot(13.5, 4, 1.4)}`,
  polygon: svg`${line("M8 2.2 13.8 6.5 11.6 13.3H4.4L2.2 6.5 8 2.2Z")}${dot(8, 2.4, 1.3)}${dot(13.6, 6.6, 1.3)}${dot(2.4, 6.6, 1.3)}`,
  eye: svg`${line("M1.2 8S3.6 3.6 8 3.6 14.8 8 14.8 8 12.4 12.4 8 12.4 1.2 8 1.2 8Z")}<circle cx="8" cy="8" r="2" />`,
  "eye-off": line("M2 2l12 12M6.2 4A6.6 6.6 0 0 1 8 3.6c4.4 0 6.8 4.4 6.8 4.4a11 11 0 0 1-2 2.5M10 10.2a3 3 0 0 1-4.2-4.1M4 5.2A10.6 10.6 0 0 0 1.2 8S3.6 12.4 8 12.400a6.4 6.4 0 0 0 2.7-.6"),
  accept: line("M2.8 8.6 6.3 12 13.2 4.2"),
  reject: line("M4 4l8 8M12 4l-8 8"),
  "zoom-in": line("M8 3v10M3 8h10"),
  "zoom-out": line("M3 8h10"),
  fit: line("M2.5 6V2.500H6M10 2.500h3.500V6M13.5 10v3.500H10M6 13.500H2.500V10"),
  rotate: line("M13 8a5 5 0 1 1-1.6-3.700L13 5.800M13 2.500v3.300H9.7"),
  undo: line("M5.5 2.5 2.5 5.5l3 3M2.5 5.5h7a4 4 0 0 1 0 8H6"),
  redo: line("M10.5 2.5l3 3-3 3M13.5 5.500h-7a4 4 0 0 0 0 8H10"),
  keyboard: svg`${line("M1.5 4h13v8.500h-13V4ZM5 10.200h6")}${dot(4.2, 6.8, 0.8)}${dot(6.8, 6.8, 0.8)}${dot(9.4, 6.8, 0.8)}${dot(11.9, 6.8, 0.8)}`,
  contrast: svg`<circle cx="8" cy="8" r="6" /><path d="M8 2a6 6 0 0 1 0 12Z" fill="currentColor" stroke="none" />`,
  play: svg`<path d="M5 3.2v9.600l7.600-4.800L5 3.200Z" fill="currentColor" stroke="none" />`,
  stop: svg`<path d="M4 4h8v8H4V4Z" fill="currentColor" stroke="none" />`,
  previous: line("M10 3 5 8l5 5"),
  next: line("M6 3l5 5-5 5"),
  pending: svg`<circle cx="8" cy="8" r="5.5" stroke-dasharray="2.2 2.6" />`,
  open: svg`<circle cx="8" cy="8" r="5.5" />`,
} as const;

export type GlyphName = keyof typeof DRAWINGS;

export function glyph(name: GlyphName, size = 16): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 16 16" width=${size} height=${size} fill="none" stroke="currentColor"
    stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${DRAWINGS[name]}</svg>`;
}

export function toolGlyph(name: ToolName): TemplateResult {
  return glyph(name, 20);
}

const STATUS_GLYPHS: Record<Status, GlyphName> = { open: "open", accepted: "accept", rejected: "reject" };
export const STATUS_WORDS: Record<Status, string> = { open: "No verdict", accepted: "Accepted", rejected: "Rejected" };

/** The status as a sign; the word for it stands in the title. */
export function statusGlyph(status: Status): TemplateResult {
  return html`<span class="status ${status}" title=${STATUS_WORDS[status]}>${glyph(STATUS_GLYPHS[status], 14)}<span class="unseen">${STATUS_WORDS[status]}</span></span>`;
}

/** The colour of a type; drawn, because a strict CSP allows no style attribute. */
export function swatch(colour: string, size = 12): TemplateResult {
  return html`<svg class="swatch" viewBox="0 0 12 12" width=${size} height=${size} aria-hidden="true"><rect width="12" height="12" rx="3" fill=${colour} /></svg>`;
}
