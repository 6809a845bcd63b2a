import { describe, expect, it } from "vitest";
import { axesOf, frameOf, indicesOf, moved, openingPlane, placeOf, playedAxis, playedEvery } from "../model/frames";
import { type Grid, type GridLevel, levelFor, tileAt, tileBox, tileSize, tileUrl, tilesIn } from "../model/grid";
import { PLAIN } from "../model/look";
import { nativeTileSource } from "../viewer/tile-source";

const level = (width: number, height: number, downsample: number, tile = 256): GridLevel => ({
  width, height, downsample, tile_width: tile, tile_height: tile, columns: Math.ceil(width / tile), rows: Math.ceil(height / tile),
});
/** A slide whose stored quarter was rounded down by the scanner, between halves that are made. */
const GRID: Grid = { width: 2220, height: 2967, levels: [level(2220, 2967, 1, 240), level(1110, 1484, 2, 240), level(555, 741, 4), level(278, 371, 8), level(139, 186, 16)] };

describe("tiles of a native grid", () => {
  it("are whole, but cut at the right and lower edge", () => {
    const [full] = GRID.levels as [GridLevel];
    expect(tileSize(full, 0, 0)).toEqual({ width: 240, height: 240 });
    expect(tileSize(full, 9, 12)).toEqual({ width: 60, height: 87 });
  });

  it("lie side by side and cover the image", () => {
    for (const one of GRID.levels) {
      const boxes = [...Array(one.columns).keys()].map((column) => tileBox(GRID, one, column, 0));
      for (const [at, box] of boxes.slice(1).entries()) expect(box.x).toBeCloseTo(boxes[at]!.x + boxes[at]!.width, 12);
      const last = boxes.at(-1)!;
      expect(last.x + last.width).toBeCloseTo((one.width * one.downsample) / GRID.width, 12);
    }
  });

  it("are found by a place, also where a level was rounded down", () => {
    const quarter = GRID.levels[2]!;
    expect(tileAt(GRID, quarter, 0, 0)).toEqual({ column: 0, row: 0 });
    expect(tileAt(GRID, quarter, 0.9999, 2967 / 2220)).toEqual({ column: 2, row: 2 });
    const narrow: Grid = { width: 2050, height: 100, levels: [level(2050, 100, 1), level(512, 25, 4)] };
    expect(tileAt(narrow, narrow.levels[1]!, 1, 0)).toEqual({ column: 1, row: 0 });
  });

  it("are taken from the smallest level that is sharp enough", () => {
    expect([2, 1, 0.51, 0.5, 0.2, 0.01].map((zoom) => levelFor(GRID, zoom))).toEqual([0, 0, 0, 1, 2, 4]);
  });

  it("of a view come from its middle on, and not more than asked for", () => {
    expect(tilesIn(GRID, 0, [0, 0, 720, 700], 100)).toHaveLength(12);
    expect(tilesIn(GRID, 0, [0, 0, 719, 719], 1)).toEqual([{ level: 0, column: 1, row: 1 }]);
    expect(tilesIn(GRID, 4, [-900, -900, 9000, 9000], 100)).toHaveLength(1);
  });

  it("have an address that says plane, frame, look and version", () => {
    const place = { image: 12, plane: 1, frame: 30, level: 2, column: 3, row: 5, version: "4-abc" };
    expect(tileUrl({ ...place, look: PLAIN })).toBe("/tiles/12/1/30/2/3_5.jpeg?v=4-abc");
    expect(tileUrl({ ...place, look: { ...PLAIN, window: [-160, 240] } })).toBe("/tiles/12/1/30/2/3_5.jpeg?window=-160:240&v=4-abc");
  });
});

describe("the grid for OpenSeadragon", () => {
  const source = nativeTileSource(GRID, (...place) => place.join("/")) as unknown as {
    maxLevel: number;
    getLevelScale(level: number): number;
    getNumTiles(level: number): { x: number; y: number };
    getTileWidth(level: number): number;
    getTileUrl(level: number, column: number, row: number): string;
    getTileBounds(level: number, column: number, row: number, isSource?: boolean): { x: number; y: number; width: number; height: number };
  };

  it("counts levels from the smallest", () => {
    expect([source.maxLevel, source.getLevelScale(4), source.getLevelScale(0)]).toEqual([4, 1, 1 / 16]);
    expect([source.getTileWidth(4), source.getTileWidth(2), source.getNumTiles(4).x, source.getNumTiles(0).x]).toEqual([240, 256, 10, 1]);
    expect(source.getTileUrl(4, 9, 12)).toBe("0/9/12");
  });

  it("says where a tile lies, and how many pixels it has", () => {
    const lying = source.getTileBounds(4, 9, 12);
    expect([lying.x * 2220, lying.y * 2220, lying.width * 2220, lying.height * 2220].map(Math.round)).toEqual([2160, 2880, 60, 87]);
    const own = source.getTileBounds(4, 9, 12, true);
    expect([own.x, own.y, own.width, own.height]).toEqual([0, 0, 60, 87]);
  });
});

describe("frames along axes", () => {
  const z = { name: "z", size: 5, step: 1.2, unit: "um" };
  const t = { name: "t", size: 3, step: 2, unit: "s" };

  it("are counted with the last axis fastest", () => {
    expect([indicesOf(7, [t, z]), frameOf([1, 2], [t, z])]).toEqual([[1, 2], 7]);
    for (let frame = 0; frame < 15; frame++) expect(frameOf(indicesOf(frame, [t, z]), [t, z])).toBe(frame);
  });

  it("end with their axis", () => {
    expect([moved(7, [t, z], 1, 99), moved(7, [t, z], 0, -1)]).toEqual([9, 2]);
  });

  it("of other planes, or of axes that do not fit, are one row", () => {
    expect(axesOf([t, z], 15, 0)).toEqual([t, z]);
    expect(axesOf([z], 40, 1).map(({ size }) => size)).toEqual([40]);
    expect(axesOf([t, z], 40, 1).map(({ size }) => size)).toEqual([40]);
    expect(axesOf([z], 7, 0).map(({ size }) => size)).toEqual([7]);
    expect(axesOf([], 1, 0)).toEqual([]);
  });

  it("of the other cuts of a volume that changes in time are time and their own slices", () => {
    expect(axesOf([t, z], 30, 2).map(({ name, size, step }) => [name, size, step])).toEqual([["t", 3, 2], ["z", 10, null]]);
  });

  it("say how far they are from the first", () => {
    expect([placeOf(z, 4), placeOf(t, 1), placeOf({ ...t, step: null }, 0)]).toEqual(["5 / 5 · 4.8 µm", "2 / 3 · 2 s", "1 / 3"]);
  });

  it("are played along time, at a speed that an eye can follow", () => {
    expect([playedAxis([t, z]), playedAxis([z])]).toEqual([0, 0]);
    expect([playedEvery(t), playedEvery({ ...t, step: 0.001 }), playedEvery(z)]).toEqual([500, 66, 125]);
  });
});

it("a volume of few thick slices opens in the plane it was taken in, every other image in its first", () => {
  const planes = (axial: number, coronal: number, sagittal: number) =>
    [axial, coronal, sagittal].map((frames, plane) => ({ plane, frames }));
  expect(openingPlane(planes(256, 256, 4))).toBe(2);
  expect(openingPlane(planes(384, 20, 384))).toBe(1);
  expect(openingPlane(planes(189, 233, 197))).toBe(0);
  expect(openingPlane(planes(300, 200, 200))).toBe(0);
  expect(openingPlane([{ plane: 0, frames: 12 }])).toBe(0);
});
