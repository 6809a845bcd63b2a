/** The seven ways to mark something, with the words that a person chooses by. */

import type { IconName } from "../design";

export interface VectorType {
  vector_type: number;
  name: string;
  hint: string;
  icon: IconName;
}

export const VECTOR_TYPES: VectorType[] = [
  { vector_type: 5, name: "Polygon", hint: "An area with its exact outline", icon: "vector-5" },
  { vector_type: 1, name: "Box", hint: "A rectangle around something", icon: "vector-1" },
  { vector_type: 2, name: "Ellipse or point", hint: "A cell or nucleus, by one click", icon: "vector-2" },
  { vector_type: 6, name: "Fixed-size box", hint: "One click, always the same size", icon: "vector-6" },
  { vector_type: 3, name: "Line", hint: "A distance between two points", icon: "vector-3" },
  { vector_type: 4, name: "Multi-line", hint: "A path of several points", icon: "vector-4" },
  { vector_type: 7, name: "Whole image", hint: "A label without a place", icon: "vector-7" },
];

export const vectorType = (number: number): VectorType | undefined =>
  VECTOR_TYPES.find((kind) => kind.vector_type === number);

/** Whether one click draws it, in the type's own size. */
export const clicked = (vector_type: number): boolean => vector_type === 2 || vector_type === 6;

/** Whether its ends do not meet. */
export const open = (vector_type: number): boolean => vector_type === 3 || vector_type === 4;

/** The palette of Okabe and Ito, in the order in which new types take them. */
export const PALETTE: { name: string; code: string }[] = [
  { name: "Vermilion", code: "#d55e00" },
  { name: "Blue", code: "#0072b2" },
  { name: "Bluish green", code: "#009e73" },
  { name: "Orange", code: "#e69f00" },
  { name: "Reddish purple", code: "#cc79a7" },
  { name: "Sky blue", code: "#56b4e9" },
  { name: "Yellow", code: "#f0e442" },
  { name: "Black", code: "#000000" },
];

/** The first colour of the palette that no other type of the product has. */
export function freeColour(taken: string[]): string {
  const used = new Set(taken.map((code) => code.toLowerCase()));
  return (PALETTE.find(({ code }) => !used.has(code)) ?? PALETTE[taken.length % PALETTE.length])?.code ?? "#d55e00";
}
