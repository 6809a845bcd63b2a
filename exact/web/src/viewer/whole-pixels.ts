/** Tiles drawn edge to edge on whole pixels of the screen: no seams between them, and at 1:1 each pixel as it is. */

import OpenSeadragon from "openseadragon";

/** What OpenSeadragon 6 calls itself for each tile before it draws: there is no public place for it. */
interface Positioning {
  _positionTile?: (this: OpenSeadragon.TiledImage, tile: PlacedTile, overlap: number, viewport: OpenSeadragon.Viewport, ...rest: unknown[]) => void;
}

interface PlacedTile {
  positionedBounds: OpenSeadragon.Rect;
  position: OpenSeadragon.Point;
  size: OpenSeadragon.Point;
}

/**
 * OpenSeadragon makes tiles without overlap a pixel larger in order to hide the seams between them, which blurs all of a
 * tile at 1:1. Here neighbours share an edge that lies on a whole pixel instead.
 */
export function onWholePixels(item: OpenSeadragon.TiledImage): void {
  const positioning = item as unknown as Positioning;
  const before = positioning._positionTile;
  if (!before) return;
  positioning._positionTile = function (tile, overlap, viewport, ...rest) {
    before.call(this, tile, overlap, viewport, ...rest);
    const { x, y, width, height } = tile.positionedBounds;
    const [from, to] = [new OpenSeadragon.Point(x, y), new OpenSeadragon.Point(x + width, y + height)].map((place) => whole(viewport.pixelFromPointNoRotate(place, true))) as [OpenSeadragon.Point, OpenSeadragon.Point];
    tile.position = from;
    tile.size = to.minus(from);
  };
}

/** The nearest pixel of the screen, which can be finer than CSS pixels. */
function whole({ x, y }: OpenSeadragon.Point): OpenSeadragon.Point {
  const ratio = window.devicePixelRatio;
  return new OpenSeadragon.Point(Math.round(x * ratio) / ratio, Math.round(y * ratio) / ratio);
}
