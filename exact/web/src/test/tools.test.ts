import { describe, expect, it } from "vitest";
import { type Point, type Vector, VectorType } from "../model/vector";
import { dragTool } from "../tools/drag";
import { handlesOf } from "../tools/handles";
import { pathTool } from "../tools/path";
import { placeTool } from "../tools/place";
import { toolFor } from "../tools/registry";
import { selectTool } from "../tools/select";
import type { Outcome, Surface, Tool, ToolEvent, Wish } from "../tools/tool";

const SURFACE: Surface = {
  extent: { width: 1000, height: 800 },
  frame: null,
  plane: 0,
  type: { vector_type: 5, node_count: 0, default_width: 50, default_height: 30 },
  view: [0, 0, 100_000, 80_000],
  selected: null,
  hit: () => null,
};
const TOLERANCE = 800;

/** A hand that drives one tool and remembers what came out. */
class Hand<State> {
  state: State;
  wishes: Wish[] = [];
  last!: Outcome<State>;

  constructor(private readonly tool: Tool<State>, private readonly surface: Surface = SURFACE) {
    this.state = tool.idle;
  }

  do(event: ToolEvent): this {
    this.last = this.tool.step(this.state, event, this.surface);
    this.state = this.last.state;
    this.wishes.push(...this.last.wishes);
    return this;
  }

  at(kind: "down" | "move" | "up" | "double", at: Point, modifiers = {}): this {
    return this.do({ kind, at, tolerance: TOLERANCE, modifiers: { alt: false, shift: false, ...modifiers } });
  }

  click(...at: Point): this {
    return this.at("move", at).at("down", at).at("up", at);
  }

  drag(from: Point, to: Point, modifiers = {}): this {
    const middle: Point = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
    return this.at("down", from, modifiers).at("move", middle, modifiers).at("move", to, modifiers).at("up", to, modifiers);
  }

  get drawn(): Vector[] {
    return this.wishes.flatMap((wish) => (wish.wish === "draw" ? [wish.vector] : []));
  }
}

const SQUARE: Point[] = [[10_000, 10_000], [30_000, 10_000], [30_000, 30_000], [10_000, 30_000]];

describe("box, ellipse and line", () => {
  it("a box dragged from right to left is stored top left first", () => {
    const hand = new Hand(dragTool(VectorType.BOUNDING_BOX)).drag([30_000, 20_000], [10_000, 5_000]);
    expect(hand.drawn[0]?.points).toEqual([10_000, 5_000, 30_000, 20_000]);
  });

  it("coordinates are whole hundredths and stay inside the image", () => {
    const hand = new Hand(dragTool(VectorType.BOUNDING_BOX)).drag([90_000.4, 70_000.6], [200_000, -5]);
    expect(hand.drawn[0]?.points).toEqual([90_000, 0, 100_000, 70_001]);
  });

  it("a click without a drag draws no box and says how to", () => {
    const hand = new Hand(dragTool(VectorType.BOUNDING_BOX)).click(500, 500);
    expect(hand.drawn).toEqual([]);
    expect(hand.last.message).toContain("Drag");
  });

  it("Shift keeps an ellipse round", () => {
    const hand = new Hand(dragTool(VectorType.ELLIPSE)).drag([10_000, 10_000], [20_000, 14_000], { shift: true });
    expect(hand.drawn[0]?.points).toEqual([10_000, 10_000, 20_000, 20_000]);
  });

  it("a line keeps its direction", () => {
    const hand = new Hand(dragTool(VectorType.LINE)).drag([20_000, 20_000], [10_000, 30_000]);
    expect(hand.drawn[0]?.points).toEqual([20_000, 20_000, 10_000, 30_000]);
  });

  it("Escape while dragging draws nothing", () => {
    const hand = new Hand(dragTool(VectorType.BOUNDING_BOX)).at("down", [0, 0]).do({ kind: "cancel" }).at("up", [9_000, 9_000]);
    expect(hand.drawn).toEqual([]);
  });
});

describe("point and fixed-size box", () => {
  it("a click puts an ellipse of the type's size around the place", () => {
    const hand = new Hand(placeTool(VectorType.ELLIPSE)).click(50_000, 40_000);
    expect(hand.drawn[0]?.points).toEqual([47_500, 38_500, 52_500, 41_500]);
  });

  it("dragging a point draws an ellipse of that size", () => {
    const hand = new Hand(placeTool(VectorType.ELLIPSE)).drag([20_000, 30_000], [10_000, 10_000]);
    expect(hand.drawn.map((vector) => vector.points)).toEqual([[10_000, 10_000, 20_000, 30_000]]);
  });

  it("dragging a fixed box puts it where the drag ends", () => {
    const hand = new Hand(placeTool(VectorType.FIXED_SIZE_BOUNDING_BOX)).drag([20_000, 30_000], [50_000, 40_000]);
    expect(hand.drawn[0]?.points).toEqual([47_500, 38_500, 52_500, 41_500]);
  });

  it("a fixed box at the rim is pushed inside and keeps its size", () => {
    const hand = new Hand(placeTool(VectorType.FIXED_SIZE_BOUNDING_BOX)).click(10, 79_990);
    expect(hand.drawn[0]?.points).toEqual([0, 77_000, 5_000, 80_000]);
  });
});

describe("polygon", () => {
  const polygon = () => new Hand(pathTool(VectorType.POLYGON));
  const square = () => SQUARE.reduce((hand, at) => hand.click(...at), polygon());

  it("clicks and Enter draw exactly the clicked points", () => {
    expect(square().do({ kind: "finish" }).drawn[0]?.points).toEqual(SQUARE.flat());
  });

  it("a click on the first point closes it", () => {
    expect(square().click(10_100, 10_100).drawn[0]?.points).toEqual(SQUARE.flat());
  });

  it("a double click ends it without a doubled point", () => {
    const hand = square().click(9_000, 20_000).click(9_010, 20_010).at("double", [9_010, 20_010]);
    expect(hand.drawn[0]?.points).toEqual([...SQUARE.flat(), 9_000, 20_000]);
  });

  it("Backspace takes the last point back", () => {
    expect(square().click(5_000, 20_000).do({ kind: "back" }).do({ kind: "finish" }).drawn[0]?.points).toEqual(SQUARE.flat());
  });

  it("Escape throws the outline away", () => {
    expect(square().do({ kind: "cancel" }).do({ kind: "finish" }).drawn).toEqual([]);
  });

  it("two points are no polygon, and the drawing goes on", () => {
    const hand = polygon().click(0, 0).click(9_000, 0).do({ kind: "finish" });
    expect(hand.drawn).toEqual([]);
    expect(hand.last.message).toContain("at least 3");
    expect(hand.click(9_000, 9_000).do({ kind: "finish" }).drawn).toHaveLength(1);
  });

  it("an outline that crosses itself is not sent, and can be put right by dragging a point", () => {
    const bow: Point[] = [[10_000, 10_000], [30_000, 30_000], [30_000, 10_000], [10_000, 30_000]];
    const hand = bow.reduce((one, at) => one.click(...at), polygon()).do({ kind: "finish" });
    expect(hand.drawn).toEqual([]);
    expect(hand.last.message).toContain("crosses itself");
    expect(hand.last.preview?.crossing).not.toBeNull();
    hand.drag([30_000, 30_000], [20_000, 5_000]).do({ kind: "finish" });
    expect(hand.drawn[0]?.points).toEqual([10_000, 10_000, 20_000, 5_000, 30_000, 10_000, 10_000, 30_000]);
  });

  it("a freehand outline ends by letting go and keeps few points", () => {
    const hand = polygon().at("down", [40_000, 20_000]);
    for (let i = 1; i < 360; i++) {
      const angle = (i * Math.PI) / 180;
      hand.at("move", [20_000 + 20_000 * Math.cos(angle), 20_000 + 20_000 * Math.sin(angle)]);
    }
    hand.at("up", [40_000, 20_000]);
    expect(hand.drawn).toHaveLength(1);
    expect(hand.drawn[0]!.points.length / 2).toBeGreaterThan(12);
    expect(hand.drawn[0]!.points.length / 2).toBeLessThan(120);
    expect(hand.drawn[0]!.points.every(Number.isInteger)).toBe(true);
  });

  it("a type with a fixed number of points ends at that number", () => {
    const type = { vector_type: 5, node_count: 3, default_width: 0, default_height: 0 };
    const hand = new Hand(pathTool(VectorType.POLYGON), { ...SURFACE, type });
    expect(hand.click(0, 0).click(9_000, 0).click(9_000, 9_000).drawn).toHaveLength(1);
  });
});

describe("polyline", () => {
  it("two clicks and Enter are enough, and it may cross itself", () => {
    const hand = new Hand(pathTool(VectorType.MULTI_LINE));
    [[0, 0], [9_000, 9_000], [9_000, 0], [0, 9_000]].forEach(([x, y]) => hand.click(x!, y!));
    expect(hand.do({ kind: "finish" }).drawn[0]?.points).toHaveLength(8);
  });
});

describe("select, move and edit", () => {
  const polygon: Vector = { vector_type: VectorType.POLYGON, points: SQUARE.flat(), frame: null, plane: 0 };
  const box: Vector = { ...polygon, vector_type: VectorType.BOUNDING_BOX, points: [10_000, 10_000, 30_000, 30_000] };
  const on = (vector: Vector, more: Partial<Surface> = {}) =>
    new Hand(selectTool, { ...SURFACE, selected: { key: "a", vector }, ...more });
  const shapeOf = (hand: { wishes: Wish[] }) => hand.wishes.flatMap((wish) => (wish.wish === "reshape" ? [wish.vector.points] : []));

  it("a click selects what lies under it, and nothing where nothing lies", () => {
    const hand = new Hand(selectTool, { ...SURFACE, hit: (at) => (at[0] < 5_000 ? "b" : null) });
    hand.click(100, 100).click(60_000, 100);
    expect(hand.wishes).toEqual([
      { wish: "select", key: "b", add: false },
      { wish: "select", key: null, add: false },
    ]);
  });

  it("a drag beside the selection is left to the view for panning", () => {
    const hand = on(polygon).at("down", [80_000, 60_000]);
    expect(hand.last.handled).toBe(false);
    expect(hand.at("move", [70_000, 50_000]).at("up", [70_000, 50_000]).wishes).toEqual([]);
  });

  it("a drag inside a selected shape moves it, and never out of the image", () => {
    expect(shapeOf(on(box).drag([20_000, 20_000], [22_000, 21_000]))).toEqual([[12_000, 11_000, 32_000, 31_000]]);
    expect(shapeOf(on(box).drag([20_000, 20_000], [-90_000, 20_000]))).toEqual([[0, 10_000, 20_000, 30_000]]);
  });

  it("inside a shape larger than the view a drag pans", () => {
    const hand = on(box, { view: [15_000, 15_000, 25_000, 25_000] }).at("down", [20_000, 20_000]);
    expect(hand.last.handled).toBe(false);
  });

  it("a corner is dragged and the opposite one stays", () => {
    expect(shapeOf(on(box).drag([30_000, 30_000], [40_000, 35_000]))).toEqual([[10_000, 10_000, 40_000, 35_000]]);
  });

  it("an edge moves alone", () => {
    expect(shapeOf(on(box).drag([10_000, 20_000], [5_000, 60_000]))).toEqual([[5_000, 10_000, 30_000, 30_000]]);
  });

  it("a box is never thinner than a pixel", () => {
    expect(shapeOf(on(box).drag([30_000, 30_000], [0, 0]))).toEqual([[10_000, 10_000, 10_100, 10_100]]);
  });

  it("dragging the middle of an edge makes a new point there", () => {
    expect(shapeOf(on(polygon).drag([20_000, 10_000], [20_000, 4_000]))[0]).toEqual([10_000, 10_000, 20_000, 4_000, 30_000, 10_000, 30_000, 30_000, 10_000, 30_000]);
  });

  it("Alt-click takes a point out; a triangle keeps its three", () => {
    expect(shapeOf(on(polygon).at("down", [30_000, 30_000], { alt: true }))[0]).toHaveLength(6);
    const triangle = { ...polygon, points: SQUARE.slice(0, 3).flat() };
    expect(on(triangle).at("down", [30_000, 30_000], { alt: true }).wishes).toEqual([]);
  });

  it("Backspace takes out the point that was touched last", () => {
    const hand = on(polygon).at("down", [30_000, 30_000]).at("up", [30_000, 30_000]).do({ kind: "back" });
    expect(shapeOf(hand)[0]).toEqual([10_000, 10_000, 30_000, 10_000, 10_000, 30_000]);
  });

  it("a point dragged across another edge is not sent", () => {
    const hand = on(polygon).drag([30_000, 30_000], [5_000, 20_000]);
    expect(shapeOf(hand)).toEqual([]);
    expect(hand.last.message).toContain("cross");
  });

  it("touching a shape without moving it changes nothing", () => {
    expect(shapeOf(on(box).at("down", [30_000, 30_000]).at("up", [30_000, 30_000]))).toEqual([]);
  });

  it("a fixed-size box has no handles", () => {
    expect(handlesOf({ ...box, vector_type: VectorType.FIXED_SIZE_BOUNDING_BOX }, TOLERANCE)).toEqual([]);
  });
});

it("choosing a type arms the tool of its shape", () => {
  const type = { node_count: 0, default_width: 0, default_height: 0 };
  expect([1, 3, 4, 5, 6, 7].map((vector_type) => toolFor({ ...type, vector_type }))).toEqual([
    "box", "line", "multi-line", "polygon", "fixed-box", "select",
  ]);
  expect(toolFor({ ...type, vector_type: 2 })).toBe("ellipse");
  expect(toolFor({ ...type, vector_type: 2, default_width: 50 })).toBe("point");
});
