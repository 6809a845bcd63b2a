/** All tools: what they are called, which key arms them, which shapes they draw. */

import { VectorType } from "../model/vector";
import { dragTool } from "./drag";
import { pathTool } from "./path";
import { placeTool } from "./place";
import { selectTool } from "./select";
import { type Drawable, type Tool, nothing } from "./tool";

export type ToolName =
  | "select" | "pan" | "point" | "ellipse" | "box" | "fixed-box" | "line" | "multi-line" | "polygon";

export interface ToolEntry {
  readonly name: ToolName;
  readonly title: string;
  readonly hint: string;
  /** The key that arms it, as it is printed. */
  readonly key: string;
  /** What it draws; null when it draws nothing. */
  readonly draws: VectorType | null;
  readonly tool: Tool<never>;
}

const panTool: Tool<null> = { idle: null, busy: () => false, step: () => nothing(null) };

function entry<State>(name: ToolName, title: string, key: string, draws: VectorType | null, tool: Tool<State>, hint: string): ToolEntry {
  return { name, title, key, draws, hint, tool: tool as unknown as Tool<never> };
}

export const TOOLS: readonly ToolEntry[] = [
  entry("select", "Select and edit", "M", null, selectTool, "Click selects, drag moves, handles reshape; Alt-click deletes a point"),
  entry("pan", "Pan", "Space", null, panTool, "Drag moves the view; hold Space with any tool"),
  entry("point", "Point", ".", VectorType.ELLIPSE, placeTool(VectorType.ELLIPSE), "Click places an ellipse of the type's size; drag makes a larger one"),
  entry("ellipse", "Ellipse", "O", VectorType.ELLIPSE, dragTool(VectorType.ELLIPSE), "Drag from corner to corner; Shift keeps it round"),
  entry("box", "Box", "R", VectorType.BOUNDING_BOX, dragTool(VectorType.BOUNDING_BOX), "Drag from corner to corner; Shift keeps it square"),
  entry("fixed-box", "Fixed-size box", "Shift R", VectorType.FIXED_SIZE_BOUNDING_BOX, placeTool(VectorType.FIXED_SIZE_BOUNDING_BOX), "Click places a box of the type's size"),
  entry("line", "Line", "L", VectorType.LINE, dragTool(VectorType.LINE), "Drag from end to end; Shift turns in steps of 45°"),
  entry("multi-line", "Polyline", "V", VectorType.MULTI_LINE, pathTool(VectorType.MULTI_LINE), "Click points or drag freehand; Enter or double click ends"),
  entry("polygon", "Polygon", "P", VectorType.POLYGON, pathTool(VectorType.POLYGON), "Click points or drag freehand; Enter, double click or the first point closes"),
];

export function toolNamed(name: ToolName): ToolEntry {
  return TOOLS.find((one) => one.name === name) ?? TOOLS[0]!;
}

/** The tool that a chosen type arms. */
export function toolFor(type: Drawable): ToolName {
  if (type.vector_type === VectorType.ELLIPSE) return type.default_width > 0 || type.default_height > 0 ? "point" : "ellipse";
  return TOOLS.find((one) => one.draws === type.vector_type)?.name ?? "select";
}
