/** What the rest of the client needs of a tile viewer; OpenSeadragon is the one that gives it. */

import type { Grid } from "../model/grid";
import type { Bounds, Extent } from "../model/vector";
import type { View } from "./view";

/** The tiles of one plane, frame and look: a grid with the addresses of its tiles, or the address of a Deep Zoom descriptor. */
export type Tiles = string | { readonly grid: Grid; readonly urlOf: (level: number, column: number, row: number) => string };

export interface ViewerPort {
  readonly view: View;
  /** Were tiles given up, so that the image should be opened anew once the server answers again? */
  readonly incomplete: boolean;
  /** Called with every change of the view, once a frame. */
  onView(listener: (view: View) => void): () => void;
  /** Called with how far the tiles of the view are: true when all are there. */
  onTiles(listener: (complete: boolean) => void): () => void;
  /** Called with the address of a tile that was given up. */
  onLost(listener: (url: string) => void): () => void;
  /** Called when the image cannot be shown. */
  onFailure(listener: (sentence: string) => void): () => void;
  /** Shows these tiles; the view stays where it is when `keepView`. */
  open(tiles: Tiles, extent: Extent, keepView: boolean): void;
  /** Shows this part of the image (pixels). */
  fit(bounds: Bounds, immediately?: boolean): void;
  home(): void;
  /** CSS pixels per image pixel, around the middle of the stage. */
  zoomTo(zoom: number): void;
  zoomBy(factor: number): void;
  panBy(dx: number, dy: number): void;
  /** Turns the image by that many degrees more. */
  rotateBy(degrees: number): void;
  /** Puts an element over the tiles. */
  addLayer(element: HTMLElement): void;
  destroy(): void;
}
