/** The viewer port on OpenSeadragon 6, drawn on a 2D canvas because not every desk has a GPU. */

import OpenSeadragon from "openseadragon";
import type { Bounds, Extent } from "../model/vector";
import type { Tiles, ViewerPort } from "./port";
import { nativeTileSource } from "./tile-source";
import { onWholePixels } from "./whole-pixels";
import { type View, sameView, zoomOf } from "./view";

const EMPTY: View = { matrix: { a: 1, b: 0, c: 0, d: 1, e: 0, f: 0 }, width: 0, height: 0 };
/** The image may be enlarged to so many CSS pixels per pixel. */
const LARGEST_PIXEL = 24;
/** A frame that takes longer than this to load takes the place of the one before anyway. */
const SWAP_MS = 700;

/**
 * OpenSeadragon adds an inline style element when it finds none of its own, and the page's CSP refuses it.
 * An element of that name which is no HTML keeps it from trying; the rule itself is not needed here.
 */
function forestallInlineStyle(): void {
  if (document.querySelector("style[data-openseadragon-mobile-css]")) return;
  const inert = document.createElementNS("urn:exact:inert", "style");
  inert.setAttribute("data-openseadragon-mobile-css", "true");
  document.head.append(inert);
}

/** Over an older frame the coarse levels are never seen: only what is sharp is loaded. OpenSeadragon has this for all images or none. */
function sharpFirst(item: OpenSeadragon.TiledImage, sharp: boolean): void {
  (item as unknown as { immediateRender: boolean }).immediateRender = sharp;
}

export class OpenSeadragonPort implements ViewerPort {
  view: View = EMPTY;
  private readonly viewer: OpenSeadragon.Viewer;
  private readonly viewListeners = new Set<(view: View) => void>();
  private readonly tileListeners = new Set<(complete: boolean) => void>();
  private readonly lostListeners = new Set<(url: string) => void>();
  private readonly failureListeners = new Set<(sentence: string) => void>();
  private extent: Extent = { width: 1, height: 1 };
  private asked = 0;
  /** Some tiles were given up: they leave holes until the image is opened anew. */
  incomplete = false;
  private readonly swaps = new Set<ReturnType<typeof setTimeout>>();

  constructor(element: HTMLElement, navigator: HTMLElement) {
    forestallInlineStyle();
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const gestures = { clickToZoom: false, dblClickToZoom: false };
    this.viewer = OpenSeadragon({
      element,
      drawer: "canvas",
      showNavigationControl: false,
      showNavigator: true,
      navigatorElement: navigator,
      navigatorBackground: "transparent",
      navigatorBorderColor: "transparent",
      navigatorDisplayRegionColor: "#35c4ea",
      keyboardNavEnabled: false,
      animationTime: still ? 0.01 : 0.38,
      springStiffness: 9,
      zoomPerScroll: 1.28,
      maxZoomPixelRatio: LARGEST_PIXEL,
      minZoomImageRatio: 0.6,
      visibilityRatio: 0.2,
      blendTime: 0,
      immediateRender: false,
      imageLoaderLimit: 6,
      maxImageCacheCount: 400,
      tileRetryMax: 2,
      tileRetryDelay: 1500,
      gestureSettingsMouse: gestures,
      gestureSettingsTouch: gestures,
      gestureSettingsPen: gestures,
    });
    this.viewer.canvas.removeAttribute("tabindex");
    this.viewer.world.addHandler("add-item", (event) => onWholePixels((event as unknown as { item: OpenSeadragon.TiledImage }).item));
    this.follow();
  }

  onView(listener: (view: View) => void): () => void {
    this.viewListeners.add(listener);
    return () => this.viewListeners.delete(listener);
  }

  onTiles(listener: (complete: boolean) => void): () => void {
    this.tileListeners.add(listener);
    return () => this.tileListeners.delete(listener);
  }

  onLost(listener: (url: string) => void): () => void {
    this.lostListeners.add(listener);
    return () => this.lostListeners.delete(listener);
  }

  onFailure(listener: (sentence: string) => void): () => void {
    this.failureListeners.add(listener);
    return () => this.failureListeners.delete(listener);
  }

  open(tiles: Tiles, extent: Extent, keepView: boolean): void {
    const tileSource = (typeof tiles === "string" ? tiles : nativeTileSource(tiles.grid, tiles.urlOf)) as string;
    this.extent = extent;
    const turn = ++this.asked;
    this.incomplete = false;
    this.tell(this.tileListeners, false);
    if (!keepView || this.viewer.world.getItemCount() === 0) {
      this.viewer.open({ tileSource });
      return;
    }
    this.viewer.addTiledImage({
      tileSource,
      success: (event) => this.swap((event as unknown as { item: OpenSeadragon.TiledImage }).item, turn),
      error: () => turn === this.asked && this.tell(this.failureListeners, "This frame could not be loaded."),
    });
  }

  fit([left, top, right, bottom]: Bounds, immediately = false): void {
    const item = this.viewer.world.getItemAt(0);
    if (!item) return;
    const rect = item.imageToViewportRectangle(left, top, Math.max(1, right - left), Math.max(1, bottom - top));
    this.viewer.viewport.fitBounds(rect, immediately);
  }

  home(): void {
    this.viewer.viewport.goHome();
  }

  zoomTo(zoom: number): void {
    this.zoomBy(zoom / zoomOf(this.target()));
  }

  zoomBy(factor: number): void {
    this.viewer.viewport.zoomBy(factor);
    this.viewer.viewport.applyConstraints();
  }

  panBy(dx: number, dy: number): void {
    const { viewport } = this.viewer;
    viewport.panBy(viewport.deltaPointsFromPixels(new OpenSeadragon.Point(dx, dy)));
    viewport.applyConstraints();
  }

  rotateBy(degrees: number): void {
    this.viewer.viewport.rotateBy(degrees);
  }

  addLayer(element: HTMLElement): void {
    this.viewer.canvas.append(element);
  }

  destroy(): void {
    for (const swap of this.swaps) clearTimeout(swap);
    this.viewer.destroy();
  }

  /** The new frame lies on the old one until its tiles are there, so that nothing flashes. */
  private swap(item: OpenSeadragon.TiledImage, turn: number): void {
    if (turn !== this.asked) return this.viewer.world.removeItem(item);
    this.keepOnly(this.viewer.world.getItemAt(0), item);
    sharpFirst(item, true);
    const older = (): void => {
      this.swaps.delete(timer);
      if (turn !== this.asked) return;
      this.keepOnly(item);
      sharpFirst(item, false);
      this.tell(this.tileListeners, true);
    };
    const timer = setTimeout(older, SWAP_MS);
    this.swaps.add(timer);
    item.addHandler("fully-loaded-change", (event) => {
      const complete = (event as unknown as { fullyLoaded: boolean }).fullyLoaded;
      if (complete) clearTimeout(timer);
      if (complete) older();
      else if (turn === this.asked && !this.swaps.has(timer)) this.tell(this.tileListeners, false);
    });
  }

  /** What was asked for in between and never shown is given up, with the tiles it waits for. */
  private keepOnly(...kept: OpenSeadragon.TiledImage[]): void {
    const { world } = this.viewer;
    for (let i = world.getItemCount() - 1; i >= 0; i--) {
      const item = world.getItemAt(i);
      if (!kept.includes(item)) world.removeItem(item);
    }
  }

  private follow(): void {
    const { viewer } = this;
    for (const name of ["open", "update-viewport", "resize", "rotate"] as const) viewer.addHandler(name, () => this.changed());
    viewer.addHandler("open", () => {
      viewer.world.getItemAt(0)?.addHandler("fully-loaded-change", (event) => {
        this.tell(this.tileListeners, (event as unknown as { fullyLoaded: boolean }).fullyLoaded);
      });
    });
    viewer.addHandler("tile-load-failed", (event) => {
      this.incomplete = true;
      this.tell(this.lostListeners, String((event as unknown as { tile?: { getUrl?: () => string } }).tile?.getUrl?.() ?? ""));
    });
    viewer.addHandler("open-failed", () => this.tell(this.failureListeners, "The image's tiles could not be loaded."));
  }

  private changed(): void {
    const view = this.measured();
    if (!view || sameView(view, this.view)) return;
    this.view = view;
    this.tell(this.viewListeners, view);
  }

  private measured(): View | null {
    const item = this.viewer.world.getItemAt(this.viewer.world.getItemCount() - 1);
    const size = this.viewer.viewport?.getContainerSize();
    if (!item || !size || size.x === 0) return null;
    const { width, height } = this.extent;
    const [origin, right, down] = [[0, 0], [width, 0], [0, height]].map(([x, y]) =>
      item.imageToViewerElementCoordinates(new OpenSeadragon.Point(x!, y!)),
    ) as [OpenSeadragon.Point, OpenSeadragon.Point, OpenSeadragon.Point];
    const matrix = {
      a: (right.x - origin.x) / width,
      b: (right.y - origin.y) / width,
      c: (down.x - origin.x) / height,
      d: (down.y - origin.y) / height,
      e: origin.x,
      f: origin.y,
    };
    return { matrix, width: size.x, height: size.y };
  }

  /** Where a running animation will end. */
  private target(): View["matrix"] {
    const { viewport, world } = this.viewer;
    const item = world.getItemAt(0);
    const zoom = item ? item.viewportToImageZoom(viewport.getZoom(false)) : 1;
    return { a: zoom, b: 0, c: 0, d: zoom, e: 0, f: 0 };
  }

  private tell<T>(listeners: ReadonlySet<(value: T) => void>, value: T): void {
    for (const listener of [...listeners]) listener(value);
  }
}
