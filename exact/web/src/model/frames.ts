/** Frames follow each other along axes (z, time, scene): from a frame's number to its place on each, and back. */

import { figure, lengthInWords } from "./units";

export interface Axis {
  /** z, t, scene, phase, page, volume, ... */
  readonly name: string;
  readonly size: number;
  /** Between two neighbours; null where unknown or uneven. */
  readonly step: number | null;
  /** um or s. */
  readonly unit: string | null;
}

const TITLES: Readonly<Record<string, string>> = { z: "Slice", t: "Time", scene: "Scene", phase: "Phase", page: "Page", volume: "Volume" };

/** The axes of a plane that has so many frames: those of the file; for the other cuts of a volume as many slices as there are. */
export function axesOf(told: readonly Axis[], frames: number, plane: number): readonly Axis[] {
  const slower = told.filter((axis) => plane === 0 || axis.name !== "z").filter((axis) => axis.size > 1);
  const slices = frames / sizeOf(slower);
  if (plane === 0 && slices === 1) return slower;
  if (plane !== 0 && Number.isInteger(slices)) return [...slower, ...plain(slices)];
  return plain(frames);
}

function sizeOf(axes: readonly Axis[]): number {
  return axes.reduce((count, axis) => count * axis.size, 1);
}

function plain(size: number): readonly Axis[] {
  return size > 1 ? [{ name: "z", size, step: null, unit: null }] : [];
}

/** The index on each axis, slowest first. */
export function indicesOf(frame: number, axes: readonly Axis[]): number[] {
  const found: number[] = [];
  let rest = frame;
  for (const axis of axes.toReversed()) {
    found.unshift(rest % axis.size);
    rest = Math.floor(rest / axis.size);
  }
  return found;
}

export function frameOf(indices: readonly number[], axes: readonly Axis[]): number {
  return axes.reduce((frame, axis, at) => frame * axis.size + indices[at]!, 0);
}

/** The frame with another index on one axis; stays where the axis ends. */
export function moved(frame: number, axes: readonly Axis[], at: number, to: number): number {
  const indices = indicesOf(frame, axes);
  indices[at] = Math.min(Math.max(0, Math.round(to)), axes[at]!.size - 1);
  return frameOf(indices, axes);
}

/** Along which axis playing goes: time where there is one, else the fastest. */
export function playedAxis(axes: readonly Axis[]): number {
  const time = axes.findIndex((axis) => axis.name === "t");
  return time === -1 ? axes.length - 1 : time;
}

/** As fast as it was taken, where that can be followed by eye; else eight frames in a second. Milliseconds. */
export function playedEvery(axis: Axis): number {
  const real = axis.unit === "s" && axis.step ? axis.step * 1000 : 125;
  return Math.min(Math.max(real, 66), 500);
}

export function titleOf(axis: Axis): string {
  return TITLES[axis.name] ?? axis.name.slice(0, 1).toUpperCase() + axis.name.slice(1);
}

/** `3 / 5 · 4.8 µm`: which one, of how many, how far from the first. */
export function placeOf(axis: Axis, index: number): string {
  const count = `${index + 1} / ${axis.size}`;
  if (!axis.step) return count;
  const far = axis.step * index;
  return `${count} · ${axis.unit === "um" ? lengthInWords(far) : `${figure(far)} ${axis.unit ?? ""}`.trim()}`;
}

/** The plane an image opens in: a volume of few thick slices in the one it was taken in, else the first. */
export function openingPlane(planes: readonly { readonly plane: number; readonly frames: number }[]): number {
  const [first] = planes;
  const [fewest] = planes.toSorted((a, b) => a.frames - b.frames);
  if (!first || !fewest) return 0;
  return 2 * fewest.frames < first.frames ? fewest.plane : first.plane;
}
