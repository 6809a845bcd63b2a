/** Every icon of the interface, drawn inline on a grid of 16 with one line width; `icon("upload")` in a template. */

import { svg, html, nothing, type TemplateResult } from "lit";

const line = (d: string) => svg`<path d=${d} />`;
const dot = (cx: number, cy: number, r: number) =>
  svg`<circle cx=${cx} cy=${cy} r=${r} fill="currentColor" stroke="none" />`;

const DRAWINGS = {
  activity: line("M1.5 8.5h3l2-5.5 3 10 2-4.5h3"),
  alert: svg`${line("M8 2.2 14.6 13.5H1.4L8 2.2ZM8 6.5v3.2")}${dot(8, 11.6, 0.85)}`,
  archive: line("M2 3h12v3H2V3Zm1 3v7h10V6M6.5 8.8h3"),
  arrow: line("M3 8h10M9 4l4 4-4 4"),
  check: line("M3 8.5 6.5 12 13 4.5"),
  "check-circle": line("M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0ZM5.3 8.2l1.9 1.9 3.5-3.9"),
  "chevron-down": line("M4 6l4 4 4-4"),
  "chevron-right": line("M6 4l4 4-4 4"),
  clock: line("M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0ZM8 4.5V8l2.4 1.5"),
  close: line("M4 4l8 8M12 4l-8 8"),
  copy: line("M5.5 5.5h8v8h-8v-8ZM10.5 5.5v-3h-8v8h3"),
  download: line("M8 2v8M4.8 7 8 10.2 11.2 7M2.5 13.5h11"),
  edit: line("M2.5 13.5l.7-3L10.6 3.1a1.3 1.3 0 0 1 1.9 0l.4.4a1.3 1.3 0 0 1 0 1.9L5.5 12.8l-3 .7ZM9.4 4.3l2.3 2.3"),
  filter: line("M2 4h12M4.5 8h7M6.8 12h2.4"),
  folder: line("M1.8 12.8V3.7h4.4l1.5 1.8h6.5v7.3H1.8Z"),
  hash: line("M6 2.5 4.8 13.5M11.2 2.5 10 13.5M2.5 6h11.3M2.2 10h11.3"),
  image: svg`${line("M2 3h12v10H2V3Zm0 8 3.7-3.6 2.8 2.7L10.8 8 14 11")}${dot(10.8, 5.8, 1)}`,
  key: line("M9.2 6.8 14 2m-2.4 2.4 1.9 1.9M9.8 9.7a3.5 3.5 0 1 1-7 0 3.5 3.5 0 0 1 7 0Z"),
  layers: line("M8 2 14.2 5.4 8 8.8 1.8 5.4 8 2ZM2.3 8.4 8 11.5l5.7-3.1M2.3 11.2 8 14.3l5.7-3.1"),
  link: line(
    "M6.8 9.2a2.8 2.8 0 0 0 4 0l2-2a2.83 2.83 0 0 0-4-4l-.7.7M9.2 6.8a2.8 2.8 0 0 0-4 0l-2 2a2.83 2.83 0 0 0 4 4l.7-.7",
  ),
  lock: line("M3.5 7h9v6.5h-9V7Zm2-0V5a2.5 2.5 0 0 1 5 0v2"),
  menu: line("M2 4h12M2 8h12M2 12h12"),
  monitor: line("M2 3h12v8H2V3Zm4 10.5h4M8 11v2.5"),
  moon: line("M13.6 9.7A6 6 0 1 1 6.3 2.4a4.8 4.8 0 0 0 7.3 7.3Z"),
  more: svg`${dot(3, 8, 1.3)}${dot(8, 8, 1.3)}${dot(13, 8, 1.3)}`,
  offline: line(
    "M2 2l12 12M1.8 6.5A9.4 9.4 0 0 1 5 4.3M7.6 3.6a9.3 9.3 0 0 1 6.6 2.9M4.2 9a5.8 5.8 0 0 1 2.5-1.5M10.6 8.1c.4.2.8.5 1.2.9M8 12.3h.01",
  ),
  palette: svg`${line("M8 2a6 6 0 1 0 0 12c1 0 1.5-.7 1.3-1.5-.3-1.1.3-2 1.5-2h1.5c1 0 1.7-.8 1.7-2C14 4.8 11.3 2 8 2Z")}${dot(5.2, 8, 0.9)}${dot(7, 5, 0.9)}${dot(10.4, 5.4, 0.9)}`,
  plus: line("M8 3v10M3 8h10"),
  refresh: line("M13.5 3v3.5H10M2.5 13V9.5H6M13 6.4A5.4 5.4 0 0 0 3.5 5M3 9.6A5.4 5.4 0 0 0 12.5 11"),
  search: line("M11.5 7A4.5 4.5 0 1 1 2.5 7a4.5 4.5 0 0 1 9 0ZM10.3 10.3l3.4 3.4"),
  settings: line("M2 4.5h7M12 4.5h2M2 11.5h2M7 11.5h7M9 2.8v3.4h3V2.8H9ZM4 9.8v3.4h3V9.8H4Z"),
  shield: line("M8 1.8 13.5 4v4c0 3-2.2 5.3-5.5 6.3C4.7 13.3 2.5 11 2.5 8V4L8 1.8ZM5.6 8l1.7 1.7L10.5 6.5"),
  "sign-out": line("M6 2.5H2.8v11H6M6.5 8h7.2M11 5.2 13.8 8 11 10.8"),
  snowflake: line("M8 1.5v13M2.4 4.8l11.2 6.4M13.6 4.8 2.4 11.2M6.2 2.5 8 4.3l1.8-1.8M6.2 13.5 8 11.7l1.8 1.8"),
  sun: line(
    "M11 8a3 3 0 1 1-6 0 3 3 0 0 1 6 0ZM8 1.2v1.6M8 13.2v1.6M1.2 8h1.6M13.2 8h1.6M3.2 3.2l1.1 1.1M11.7 11.7l1.1 1.1M3.2 12.8l1.1-1.1M11.7 4.3l1.1-1.1",
  ),
  tag: svg`${line("M2 2.5h5.7l6 6a1.1 1.1 0 0 1 0 1.6l-3.6 3.6a1.1 1.1 0 0 1-1.6 0L2 7.7V2.5Z")}${dot(5.1, 5.6, 1)}`,
  trash: line("M2.5 4h11M6 4V2.5h4V4M4 4l.7 9.5h6.6L12 4M6.7 6.8v4M9.3 6.8v4"),
  undo: line("M5.5 2.5 2.5 5.5l3 3M2.5 5.5h7a4 4 0 0 1 0 8H6"),
  pause: line("M5.5 3.5v9M10.5 3.5v9"),
  play: line("M5 3.2v9.6l7.6-4.8z"),
  upload: line("M8 10.5v-8M4.8 5.7 8 2.5l3.2 3.2M2.5 13.5h11"),
  user: line("M10.8 5.3a2.8 2.8 0 1 1-5.6 0 2.8 2.8 0 0 1 5.6 0ZM2.5 14a5.5 5.5 0 0 1 11 0"),
  users: line(
    "M8.3 5.5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0ZM1.2 13.5a4.6 4.6 0 0 1 9.2 0M10.5 3.2a2.4 2.4 0 0 1 0 4.6M12.3 9.6a4.6 4.6 0 0 1 2.5 3.9",
  ),
  // The vector types, in the ancestor's order.
  "vector-1": svg`${line("M3 4h10v8H3V4Z")}${dot(3, 4, 1.4)}${dot(13, 12, 1.4)}`,
  "vector-2": svg`${line("M14 8c0 2.5-2.7 4.5-6 4.5S2 10.5 2 8s2.7-4.5 6-4.5S14 5.5 14 8Z")}${dot(8, 8, 1.1)}`,
  "vector-3": svg`${line("M3.2 12.8 12.8 3.2")}${dot(3, 13, 1.5)}${dot(13, 3, 1.5)}`,
  "vector-4": svg`${line("M2.5 12 6 5l4 5.5L13.5 4")}${dot(2.5, 12, 1.4)}${dot(6, 5, 1.4)}${dot(10, 10.5, 1.4)}${dot(13.5, 4, 1.4)}`,
  "vector-5": svg`${line("M8 2.2 13.8 6.5 11.6 13.3H4.4L2.2 6.5 8 2.2Z")}${dot(8, 2.4, 1.3)}${dot(13.6, 6.6, 1.3)}${dot(2.4, 6.6, 1.3)}`,
  "vector-6": svg`${line("M3.5 3.5h9v9h-9v-9ZM8 6v4M6 8h4")}`,
  "vector-7": svg`${line("M2.5 5.5v-3h3M10.5 2.5h3v3M13.5 10.5v3h-3M5.5 13.5h-3v-3M5.5 8h5")}`,
} as const;

export type IconName = keyof typeof DRAWINGS;

/** One icon; with a label it is an image of its own, without it is decoration beside words. */
export function icon(name: IconName, label?: string): TemplateResult {
  return html`<svg
    class="icon"
    viewBox="0 0 16 16"
    width="16"
    height="16"
    fill="none"
    stroke="currentColor"
    stroke-width="1.4"
    stroke-linecap="round"
    stroke-linejoin="round"
    role=${label ? "img" : nothing}
    aria-label=${label ?? nothing}
    aria-hidden=${label ? nothing : "true"}
  >
    ${DRAWINGS[name]}
  </svg>`;
}

/** The product's mark: a section on its slide, under a crosshair. */
export const mark = (size = 24): TemplateResult =>
  html`<svg class="mark" viewBox="0 0 24 24" width=${size} height=${size} aria-hidden="true">
    <rect x="1" y="1" width="22" height="22" rx="6" fill="var(--accent)" />
    <path
      d="M7.1 13.9c-1.3-2.7.2-6.6 3.7-7.2 3.3-.6 6.4 1.4 6.5 4.7.1 3.6-2.3 6.3-5.5 6-2-.2-3.9-1.5-4.7-3.5Z"
      fill="none"
      stroke="var(--ink-on-accent)"
      stroke-width="1.6"
    />
    <circle cx="12.3" cy="11.7" r="1.7" fill="var(--ink-on-accent)" />
  </svg>`;
