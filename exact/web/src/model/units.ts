/** Lengths and areas in words: µm while they are small, mm when they are large, pixels when the size of a pixel is unknown. */

import type { Scale } from "./geometry";
import { UNITS_PER_PIXEL } from "./vector";

/** µm per pixel in x and y of one plane; null where the file does not say. */
export type PixelSize = readonly [number | null, number | null];

/** µm per 1/100 pixel, or null when one axis is unknown. */
export function scaleOf(pixelSizeUm: PixelSize | null): Scale | null {
  if (!pixelSizeUm?.[0] || !pixelSizeUm[1]) return null;
  return [pixelSizeUm[0] / UNITS_PER_PIXEL, pixelSizeUm[1] / UNITS_PER_PIXEL];
}

/** 1,234.5: as many decimals as three figures need. */
export function figure(value: number): string {
  const decimals = value >= 100 || value === 0 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString("en", { maximumFractionDigits: decimals });
}

export function lengthInWords(um: number): string {
  return um >= 1000 ? `${figure(um / 1000)} mm` : `${figure(um)} µm`;
}

export function areaInWords(um2: number): string {
  return um2 >= 100_000 ? `${figure(um2 / 1e6)} mm²` : `${figure(um2)} µm²`;
}

/** 1, 2 or 5 times a power of ten, not above `most`. */
export function roundedDown(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most));
  const factor = [5, 2, 1].find((step) => step * power <= most * (1 + 1e-9)) ?? 1;
  return factor * power;
}

export interface ScaleBar {
  /** Width on the screen in CSS pixels. */
  readonly width: number;
  readonly label: string;
}

/** The longest round length that fits into `most` CSS pixels; `zoom` is CSS pixels per image pixel. */
export function scaleBar(zoom: number, pixelSizeUm: number | null, most: number): ScaleBar {
  const perPixel = pixelSizeUm || 1;
  const length = roundedDown((most / zoom) * perPixel);
  const width = (length / perPixel) * zoom;
  const exact = (value: number): string => value.toLocaleString("en", { maximumSignificantDigits: 1, useGrouping: true });
  if (!pixelSizeUm) return { width, label: `${exact(length)} pixels` };
  if (length >= 1000) return { width, label: `${exact(length / 1000)} mm` };
  return { width, label: length < 1 ? `${exact(length * 1000)} nm` : `${exact(length)} µm` };
}

/** What an objective would have to magnify to show this: 20 × for an objective of 20 at 1:1; null when unknown. */
export function magnification(zoom: number, objectivePower: number | null): number | null {
  return objectivePower && objectivePower > 1 ? zoom * objectivePower : null;
}
