import { describe, expect, it } from "vitest";
import { inkOn, rgbOf, withAlpha } from "../layers/colours";
import { presenceOpacity } from "../layers/peers-layer";
import { MOST_BOXES, MOST_OUTLINES, stepFor } from "../layers/annotation-layer";
import { type Shape, ShapeTable, bestHit, styleOf } from "../layers/shapes";
import type { Point, Vector } from "../model/vector";
import { inUnits, inverted, project, seen, times, toUnits, zoomOf } from "../viewer/view";
import { chance } from "./fakes";

const box = (key: string, ...points: number[]): Shape => shape(key, { vector_type: 1, points, frame: null, plane: 0 });
const shape = (key: string, vector: Vector, more: Partial<Shape> = {}): Shape => ({ key, vector, type: 0, status: "open", phase: "saved", area: true, ...more });
const hit = (table: ShapeTable, at: Point, tolerance = 100) => bestHit(table.near(at, tolerance), tolerance);

function manyShapes(count: number): Shape[] {
  const random = chance(5);
  return Array.from({ length: count }, (_, i) => {
    const [cx, cy, r] = [random() * 2e6, random() * 2e6, 800 + random() * 1800];
    const points = Array.from({ length: 21 }, (_, k) => {
      const angle = (k / 21) * 2 * Math.PI;
      return [Math.round(cx + r * Math.cos(angle)), Math.round(cy + r * Math.sin(angle))];
    }).flat();
    return shape(`k${i}`, { vector_type: 5, points, frame: null, plane: 0 });
  });
}

describe("what is in view", () => {
  it("a shape whose box meets the view is painted, another is not", () => {
    const table = new ShapeTable([box("a", 0, 0, 1000, 1000), box("b", 5000, 5000, 6000, 6000)]);
    expect(table.within([900, 900, 2000, 2000]).map((i) => table.keys[i])).toEqual(["a"]);
    expect(table.within([0, 0, 9000, 9000])).toHaveLength(2);
    expect(table.within([2000, 0, 3000, 9000])).toEqual([]);
  });

  it("the index finds exactly what comparing every box finds", () => {
    const shapes = manyShapes(3000);
    const table = new ShapeTable(shapes);
    const view = [400_000, 300_000, 900_000, 700_000] as const;
    const slowly = shapes.flatMap((_, i) => {
      const [left, top, right, bottom] = table.boxes.subarray(4 * i, 4 * i + 4);
      return left! <= view[2] && right! >= view[0] && top! <= view[3] && bottom! >= view[1] ? [i] : [];
    });
    expect(table.within(view)).toEqual(slowly);
  });

  it("a dropped shape is neither painted nor hit, until it comes back", () => {
    const table = new ShapeTable([box("a", 0, 0, 1000, 1000)]);
    expect(table.drop("a")).toBe(true);
    expect(table.drop("a")).toBe(false);
    expect(table.within([0, 0, 10, 10])).toEqual([]);
    expect(hit(table, [500, 500])).toBeNull();
    table.keep("a");
    expect(hit(table, [500, 500])).toBe("a");
  });

  it("shapes without points (whole image, not in image) take no place", () => {
    expect(new ShapeTable([shape("g", { vector_type: 7, points: [], frame: null, plane: 0 })]).count).toBe(0);
  });

  it("few are outlines, many are boxes, very many are density", () => {
    expect([1, MOST_OUTLINES, MOST_OUTLINES + 1, MOST_BOXES, MOST_BOXES + 1].map(stepFor)).toEqual(["outlines", "outlines", "boxes", "boxes", "density"]);
  });
});

describe("what is hit", () => {
  const table = new ShapeTable([box("large", 0, 0, 10_000, 10_000), box("small", 4000, 4000, 6000, 6000)]);

  it("inside two shapes the smaller one", () => {
    expect(hit(table, [5000, 5000])).toBe("small");
    expect(hit(table, [2000, 2000])).toBe("large");
  });

  it("a border in reach goes before any inside", () => {
    expect(hit(table, [3950, 5000])).toBe("small");
    expect(hit(table, [9950, 5000])).toBe("large");
    expect(hit(table, [10_050, 5000])).toBe("large");
    expect(hit(table, [10_150, 5000])).toBeNull();
  });

  it("of two borders in reach the nearer one", () => {
    const lines = [1000, 1060, 1020].map((y, i) => shape(`l${i}`, { vector_type: 3, points: [0, y, 9000, y], frame: null, plane: 0 }));
    expect(hit(new ShapeTable(lines), [4000, 1065])).toBe("l1");
    expect(hit(new ShapeTable(lines), [4000, 1030])).toBe("l2");
    expect(hit(new ShapeTable(lines), [4000, 960])).toBe("l0");
  });

  it("a type that is hit by its border only is not hit inside", () => {
    const line = new ShapeTable([shape("x", { vector_type: 1, points: [0, 0, 10_000, 10_000], frame: null, plane: 0 }, { area: false })]);
    expect(hit(line, [5000, 5000])).toBeNull();
    expect(hit(line, [50, 5000])).toBe("x");
  });

  it("among a hundred thousand it takes less than a millisecond", () => {
    const many = new ShapeTable(manyShapes(100_000));
    const random = chance(9);
    const places = Array.from({ length: 500 }, (): Point => [random() * 2e6, random() * 2e6]);
    for (const at of places.slice(0, 100)) hit(many, at, 800);
    const before = performance.now();
    for (const at of places) hit(many, at, 800);
    expect((performance.now() - before) / places.length).toBeLessThan(1);
  });
});

describe("looks", () => {
  it("each status and each unsent change has a style of its own", () => {
    const styles = (["open", "accepted", "rejected"] as const).flatMap((status) =>
      (["saved", "pending"] as const).map((phase) => styleOf({ ...box("a", 0, 0, 1, 1), status, phase, type: 3 })),
    );
    expect(new Set(styles).size).toBe(6);
  });

  it("colours of every form are understood, nonsense is light blue", () => {
    expect(rgbOf("#fff")).toEqual([255, 255, 255]);
    expect(rgbOf("E69F00")).toEqual([230, 159, 0]);
    expect(rgbOf("tomato-ish")).toEqual(rgbOf("#56b4e9"));
    expect(withAlpha("#000000", 0.5)).toBe("rgba(0,0,0,0.5)");
  });

  it("ink on a colour is the one that reads better", () => {
    expect(inkOn("#f0e442")).toBe("#000");
    expect(inkOn("#0b3a52")).toBe("#fff");
  });

  it("a cursor that rests fades, and goes after a while", () => {
    expect([0, 10_000, 100_000].map(presenceOpacity)).toEqual([1, 0.4, 0]);
  });
});

describe("the view's arithmetic", () => {
  const turned = { a: 0, b: 0.5, c: -0.5, d: 0, e: 400, f: 10 };
  const view = { matrix: turned, width: 800, height: 600 };

  it("there and back is where one was, also when the image is turned", () => {
    const [x, y] = project(turned, 123, 456);
    const [ux, uy] = toUnits(view, x, y);
    expect([ux, uy].map(Math.round)).toEqual([12_300, 45_600]);
    expect(project(times(inverted(turned), turned), 7, 9).map(Math.round)).toEqual([7, 9]);
  });

  it("zoom is screen pixels per image pixel at every turn", () => {
    expect(zoomOf(turned)).toBeCloseTo(0.5);
    expect(zoomOf(inUnits(turned))).toBeCloseTo(0.005);
  });

  it("what is seen covers all four corners of the stage", () => {
    const [left, top, right, bottom] = seen(view);
    expect([right - left, bottom - top].map(Math.round)).toEqual([1200, 1600]);
  });
});
