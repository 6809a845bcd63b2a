/** Colours of types on the canvas: any CSS hex colour with an opacity, and a readable ink on it. */

const FALLBACK = "#56b4e9";

/** #rgb or #rrggbb as three numbers; anything else is a light blue. */
export function rgbOf(hex: string): readonly [number, number, number] {
  const short = /^#?([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(hex.trim());
  const long = /^#?([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})/i.exec(hex.trim());
  const parts = short ? short.slice(1).map((one) => one + one) : long ? long.slice(1) : null;
  if (!parts) return rgbOf(FALLBACK);
  return parts.map((part) => Number.parseInt(part, 16)) as [number, number, number];
}

export function withAlpha(hex: string, alpha: number): string {
  const [r, g, b] = rgbOf(hex);
  return `rgba(${r},${g},${b},${alpha})`;
}

/** Black or white, whichever is easier to read on the colour (WCAG relative luminance). */
export function inkOn(hex: string): "#000" | "#fff" {
  const [r, g, b] = rgbOf(hex).map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000" : "#fff";
}
