import { describe, expect, it } from "vitest";
import { areaOf, boundsOf, distanceToPath, insidePolygon, lengthOf, moved, nearness, selfCrossing, simplify } from "../model/geometry";
import { areaInWords, lengthInWords, magnification, roundedDown, scaleBar, scaleOf } from "../model/units";
import { type Vector, VectorType, clampPoints, sameVector, uprightBox, vectorFromWire } from "../model/vector";
import { chance } from "./fakes";

const shape = (vector_type: Vector["vector_type"], ...points: number[]): Vector => ({ vector_type, points, frame: null, plane: 0 });
const SQUARE = [0, 0, 1000, 0, 1000, 1000, 0, 1000];

describe("areas and lengths", () => {
  it("a box, an ellipse and a polygon have their schoolbook areas", () => {
    expect(areaOf(shape(VectorType.BOUNDING_BOX, 0, 0, 200, 300))).toBe(60_000);
    expect(areaOf(shape(VectorType.ELLIPSE, 0, 0, 200, 200))).toBeCloseTo(Math.PI * 10_000);
    expect(areaOf(shape(VectorType.POLYGON, ...SQUARE))).toBe(1_000_000);
    expect(areaOf(shape(VectorType.POLYGON, ...SQUARE.toReversed()))).toBe(1_000_000);
  });

  it("open shapes have no area", () => {
    expect(areaOf(shape(VectorType.MULTI_LINE, ...SQUARE))).toBe(0);
  });

  it("a closed outline is longer than an open one by its last edge", () => {
    expect(lengthOf(shape(VectorType.POLYGON, ...SQUARE))).toBe(4000);
    expect(lengthOf(shape(VectorType.MULTI_LINE, ...SQUARE))).toBe(3000);
    expect(lengthOf(shape(VectorType.ELLIPSE, 0, 0, 200, 200))).toBeCloseTo(Math.PI * 200, 3);
  });

  it("pixels that are not square count as long as they are", () => {
    const scale = scaleOf([0.5, 2])!;
    expect(lengthOf(shape(VectorType.LINE, 0, 0, 10_000, 0), scale)).toBeCloseTo(50);
    expect(lengthOf(shape(VectorType.LINE, 0, 0, 0, 10_000), scale)).toBeCloseTo(200);
    expect(areaOf(shape(VectorType.BOUNDING_BOX, 0, 0, 10_000, 10_000), scale)).toBeCloseTo(10_000);
  });

  it("an unknown pixel size gives no scale", () => {
    expect(scaleOf(null)).toBeNull();
    expect(scaleOf([0.5, null])).toBeNull();
  });
});

describe("where a place is", () => {
  it("border and inside of a polygon", () => {
    expect(nearness([500, -30], shape(VectorType.POLYGON, ...SQUARE))).toEqual({ border: 30, inside: false });
    expect(nearness([500, 400], shape(VectorType.POLYGON, ...SQUARE))).toEqual({ border: 400, inside: true });
  });

  it("a line has no inside, and ends where it ends", () => {
    expect(nearness([1300, 0], shape(VectorType.LINE, 0, 0, 1000, 0))).toEqual({ border: 300, inside: false });
    expect(distanceToPath([0, 500], SQUARE, false)).toBe(500);
    expect(distanceToPath([0, 500], SQUARE, true)).toBe(0);
  });

  it("an ellipse ends before the corners of its box", () => {
    const ellipse = shape(VectorType.ELLIPSE, 0, 0, 1000, 600);
    expect(nearness([20, 20], ellipse).inside).toBe(false);
    expect(nearness([500, 300], ellipse).inside).toBe(true);
    expect(nearness([500, 600], ellipse).border).toBeCloseTo(0);
  });

  it("a dent is outside", () => {
    expect(insidePolygon([500, 100], [0, 0, 500, 500, 1000, 0, 1000, 1000, 0, 1000])).toBe(false);
  });
});

/** Compares every edge with every other: slow and plainly right. */
function crossesSlowly(points: readonly number[]): boolean {
  const n = points.length / 2;
  const at = (i: number): [number, number] => [points[2 * (i % n)]!, points[2 * (i % n) + 1]!];
  const turn = (a: number[], b: number[], c: number[]) => Math.sign((b[0]! - a[0]!) * (c[1]! - a[1]!) - (b[1]! - a[1]!) * (c[0]! - a[0]!));
  for (let i = 0; i < n; i++) {
    for (let j = i + 2; j < n; j++) {
      if (i === 0 && j === n - 1) continue;
      const [a, b, c, d] = [at(i), at(i + 1), at(j), at(j + 1)];
      if (turn(a, b, c) * turn(a, b, d) < 0 && turn(c, d, a) * turn(c, d, b) < 0) return true;
    }
  }
  return false;
}

describe("an outline that crosses itself", () => {
  it("a bow tie does, a square and a triangle do not", () => {
    expect(selfCrossing([0, 0, 1000, 1000, 1000, 0, 0, 1000])).not.toBeNull();
    expect(selfCrossing(SQUARE)).toBeNull();
    expect(selfCrossing([0, 0, 1000, 0, 500, 800])).toBeNull();
  });

  it("touching a point of its own counts, and so does folding back", () => {
    expect(selfCrossing([0, 0, 1000, 0, 1000, 1000, 500, 0, 0, 1000])).not.toBeNull();
    expect(selfCrossing([0, 0, 1000, 0, 400, 0, 500, 900])).not.toBeNull();
  });

  it("agrees with comparing every edge with every other, on a thousand outlines", () => {
    const random = chance(11);
    for (let round = 0; round < 1000; round++) {
      const points = Array.from({ length: 2 * (3 + Math.floor(random() * 6)) }, () => Math.floor(random() * 100_000));
      expect(selfCrossing(points) !== null).toBe(crossesSlowly(points));
    }
  });

  it("twenty thousand points take a moment, not minutes", () => {
    const points = Array.from({ length: 20_000 }, (_, i) => {
      const angle = (i / 20_000) * 2 * Math.PI;
      return [Math.round(5e6 + 4e6 * Math.cos(angle)), Math.round(5e6 + 4e6 * Math.sin(angle))];
    }).flat();
    const before = performance.now();
    expect(selfCrossing(points)).toBeNull();
    expect(performance.now() - before).toBeLessThan(1500);
  });
});

describe("points", () => {
  it("simplifying keeps the ends and stays within the tolerance", () => {
    const random = chance(3);
    const path = Array.from({ length: 400 }, (_, i) => [i * 10, 100 * Math.sin(i / 20) + random()]).flat();
    const kept = simplify(path, 4);
    expect(kept.length).toBeLessThan(path.length / 4);
    expect(kept.slice(0, 2)).toEqual(path.slice(0, 2));
    expect(kept.slice(-2)).toEqual(path.slice(-2));
    for (let i = 0; i < path.length; i += 2) expect(distanceToPath([path[i]!, path[i + 1]!], kept, false)).toBeLessThanOrEqual(4.0001);
  });

  it("are clamped to the image and whole", () => {
    expect(clampPoints([-5, 10.4, 99_999_999, 50.5], { width: 1000, height: 800 })).toEqual([0, 10, 100_000, 51]);
  });

  it("a shape moved against the rim keeps its form", () => {
    expect(moved(SQUARE, -5000, 200, 10_000, 10_000)).toEqual(SQUARE.map((value, i) => value + (i % 2 ? 200 : 0)));
  });

  it("bounds and boxes", () => {
    expect(boundsOf([])).toBeNull();
    expect(boundsOf(SQUARE)).toEqual([0, 0, 1000, 1000]);
    expect(uprightBox([5, 9], [1, 12])).toEqual([1, 9, 5, 12]);
  });

  it("the wire's omissions make no difference", () => {
    expect(sameVector(vectorFromWire({ vector_type: 7 }), { vector_type: 7, points: [], frame: null, plane: 0 })).toBe(true);
    expect(vectorFromWire(null)).toBeNull();
  });
});

describe("in words", () => {
  it("µm while small, mm when large", () => {
    expect(lengthInWords(12.34)).toBe("12.3 µm");
    expect(lengthInWords(12_340)).toBe("12.3 mm");
    expect(areaInWords(950)).toBe("950 µm²");
    expect(areaInWords(2_500_000)).toBe("2.5 mm²");
  });

  it("the scale bar is a round length that fits", () => {
    expect(roundedDown(70)).toBe(50);
    expect(roundedDown(0.3)).toBeCloseTo(0.2);
    const bar = scaleBar(0.25, 0.5, 150);
    expect(bar.label).toBe("200 µm");
    expect(bar.width).toBeCloseTo(100);
  });

  it("without a pixel size it counts pixels", () => {
    expect(scaleBar(0.01, null, 150)).toEqual({ width: 100, label: "10,000 pixels" });
  });

  it("an objective of 20 shows 20 × at one to one, and none is shown when unknown", () => {
    expect(magnification(1, 20)).toBe(20);
    expect(magnification(1, null)).toBeNull();
    expect(magnification(1, 1)).toBeNull();
  });
});
