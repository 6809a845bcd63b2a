/** The native grid as OpenSeadragon asks for it: its levels count from the smallest, ours from the largest. */

import OpenSeadragon from "openseadragon";
import { type Grid, type GridLevel, tileAt, tileBox, tileSize } from "../model/grid";

/** A description in place of an address: OpenSeadragon asks these functions instead of its own arithmetic. */
export function nativeTileSource(grid: Grid, urlOf: (level: number, column: number, row: number) => string): OpenSeadragon.TileSourceOptions {
  const { width, height, levels } = grid;
  const last = levels.length - 1;
  const at = (level: number): GridLevel => levels[last - level]!;
  const source = {
    width,
    height,
    minLevel: 0,
    maxLevel: last,
    tileOverlap: 0,
    getLevelScale: (level: number) => 1 / at(level).downsample,
    getTileWidth: (level: number) => at(level).tile_width,
    getTileHeight: (level: number) => at(level).tile_height,
    getNumTiles: (level: number) => new OpenSeadragon.Point(at(level).columns, at(level).rows),
    getTileAtPoint: (level: number, { x, y }: OpenSeadragon.Point) => {
      const { column, row } = tileAt(grid, at(level), x, y);
      return new OpenSeadragon.Point(column, row);
    },
    getTileBounds: (level: number, column: number, row: number, isSource = false) => {
      const { width: w, height: h } = tileSize(at(level), column, row);
      if (isSource) return new OpenSeadragon.Rect(0, 0, w, h);
      const box = tileBox(grid, at(level), column, row);
      return new OpenSeadragon.Rect(box.x, box.y, box.width, box.height);
    },
    getTileUrl: (level: number, column: number, row: number) => urlOf(last - level, column, row),
  };
  return source as unknown as OpenSeadragon.TileSourceOptions;
}
