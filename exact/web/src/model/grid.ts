/** The file's native grid: levels of tiles that may have any size, level 0 at full size; which tiles a view needs. */

import { type Look, queryOf } from "./look";
import type { Bounds } from "./vector";

export interface GridLevel {
  readonly width: number;
  readonly height: number;
  readonly tile_width: number;
  readonly tile_height: number;
  readonly columns: number;
  readonly rows: number;
  /** How many pixels of level 0 one pixel of this level covers, along each side. */
  readonly downsample: number;
}

export interface Grid {
  readonly width: number;
  readonly height: number;
  readonly levels: readonly GridLevel[];
}

export interface Tile {
  readonly level: number;
  readonly column: number;
  readonly row: number;
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Pixels of a tile: whole ones, but at the right and lower edge what is left. */
export function tileSize(level: GridLevel, column: number, row: number): { width: number; height: number } {
  return {
    width: Math.min(level.tile_width, level.width - column * level.tile_width),
    height: Math.min(level.tile_height, level.height - row * level.tile_height),
  };
}

/** Where a tile lies on the image, whose width counts as 1. */
export function tileBox(grid: Grid, level: GridLevel, column: number, row: number): Box {
  const scale = level.downsample / grid.width;
  const { width, height } = tileSize(level, column, row);
  return { x: column * level.tile_width * scale, y: row * level.tile_height * scale, width: width * scale, height: height * scale };
}

/** The tile at a place of the image, whose width counts as 1; the nearest one for places at or beyond the edge. */
export function tileAt(grid: Grid, level: GridLevel, x: number, y: number): { column: number; row: number } {
  const scale = grid.width / level.downsample;
  const inside = (at: number, count: number): number => Math.min(Math.max(0, Math.floor(at)), count - 1);
  return { column: inside((x * scale) / level.tile_width, level.columns), row: inside((y * scale) / level.tile_height, level.rows) };
}

/** The smallest level that is at least as sharp as the screen; `zoom` is screen pixels per image pixel. */
export function levelFor(grid: Grid, zoom: number): number {
  let found = 0;
  for (const [number, level] of grid.levels.entries()) if (level.downsample * zoom <= 1) found = number;
  return found;
}

/** The tiles of that level that lie in the bounds (image pixels), those in the middle first, `most` of them. */
export function tilesIn(grid: Grid, number: number, [left, top, right, bottom]: Bounds, most: number): Tile[] {
  const level = grid.levels[number]!;
  const first = tileAt(grid, level, left / grid.width, top / grid.width);
  const last = tileAt(grid, level, right / grid.width, bottom / grid.width);
  const tiles: Tile[] = [];
  for (let row = first.row; row <= last.row; row++) for (let column = first.column; column <= last.column; column++) tiles.push({ level: number, column, row });
  const far = (tile: Tile): number => Math.hypot(tile.column - (first.column + last.column) / 2, tile.row - (first.row + last.row) / 2);
  return tiles.toSorted((one, other) => far(one) - far(other)).slice(0, most);
}

export interface TileAddress extends Tile {
  readonly image: number;
  readonly plane: number;
  readonly frame: number;
  readonly look: Look;
  /** Another renderer or content has other addresses: a tile is kept by the browser for ever. */
  readonly version: string;
}

export function tileUrl({ image, plane, frame, level, column, row, look, version }: TileAddress): string {
  const query = queryOf(look);
  return `/tiles/${image}/${plane}/${frame}/${level}/${column}_${row}.jpeg?${query ? `${query}&` : ""}v=${version}`;
}
