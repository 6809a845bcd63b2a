/** The stage: tiles, layers over them, and the hand that works on them. */

import { css, html } from "lit";
import { Refusal, Unreachable, request } from "../api/client";
import { tileInfo, tileSource } from "../api/viewer";
import type { Presence } from "../live/protocol";
import { throttled } from "../live/throttle";
import { systemClock } from "../live/clock";
import { AnnotationLayer } from "../layers/annotation-layer";
import { EditLayer } from "../layers/edit-layer";
import { type Peer, PeersLayer } from "../layers/peers-layer";
import { openingPlane, playedAxis, playedEvery } from "../model/frames";
import { levelFor, tileUrl, tilesIn } from "../model/grid";
import { type Bounds, type Point, UNITS_PER_PIXEL, type Vector } from "../model/vector";
import { DeskElement, look } from "../panels/element";
import { Signal } from "../state/signal";
import type { SelectState } from "../tools/select";
import type { KeyStep, ToolEvent } from "../tools/tool";
import { toolNamed } from "../tools/registry";
import { placeFrom, searchFor } from "./deep-link";
import type { Desk, Stage } from "./desk";
import { OpenSeadragonPort } from "./openseadragon";
import type { Tiles } from "./port";
import { Prefetch } from "./prefetch";
import { type View, seen, seenInUnits, toUnits, zoomOf } from "./view";

/** A place counts as hit within this many CSS pixels; a finger needs more. */
const REACH_PX = { mouse: 8, pen: 10, touch: 18 } as const;
/** A press that moves farther on the screen is a drag. */
const CLICK_PX = 4;
const LINK_DELAY_MS = 400;
/** So many selected annotations stand in the address. */
const LINKED_MAX = 20;
const PRESENCE_MS = 1000 / 15;
const MOST_HALOS = 400;
/** A window that is dragged asks for new tiles this often. */
const LOOK_MS = 120;
/** A frame that is not there by then is passed over when frames are played. */
const FRAME_WAIT_MS = 2000;
/** Tiles ahead for each neighbouring frame. */
const TILES_AHEAD = 30;
/** A tile that cannot be read is told about once in this time. */
const LOST_MS = 15_000;

export class ExactStage extends DeskElement implements Stage {
  readonly view = new Signal<View | null>(null);
  readonly cursor = new Signal<Point | null>(null);
  readonly failure = new Signal<string | null>(null);

  private port!: OpenSeadragonPort;
  private layer!: AnnotationLayer;
  private edit!: EditLayer;
  private peers!: PeersLayer;
  private toolState: unknown = null;
  private gesture: number | null = null;
  private middle: Point | null = null;
  /** Where on the screen the button went down: a view that pans keeps the image under the pointer. */
  private downAt: Point | null = null;
  private spaceHeld = false;
  private hover = 0;
  private linkTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly touches = new Set<number>();
  private readonly moved = new Map<string, { at: string; since: number }>();
  private placed = false;
  /** What the server said when it was asked what the tiles are made of. */
  private refusal: string | null = null;
  /** The server could not be reached when it was asked. */
  private unheard = false;
  private informed = false;
  /** Tiles are about to be opened; whether the view stays. */
  private opening: boolean | null = null;
  private readonly ahead = new Prefetch();
  private playTimer: ReturnType<typeof setTimeout> | undefined;
  private lookTimer: ReturnType<typeof setTimeout> | undefined;
  private frameSince = 0;
  private lostAt = 0;

  static override styles = [
    look,
    css`
      :host {
        position: relative;
        overflow: hidden;
        background: light-dark(#dde4e7, #0a0f12);
        isolation: isolate;
      }
      .stage,
      .tiles {
        position: absolute;
        inset: 0;
      }
      .stage {
        cursor: default;
        touch-action: none;
      }
      .stage:focus-visible {
        outline-width: 1px;
        outline-offset: -1px;
      }
      .stage[data-cursor="draw"] {
        cursor: crosshair;
      }
      .stage[data-cursor="pan"] {
        cursor: grab;
      }
      .stage:not([data-placed]) {
        cursor: progress;
      }
      .stage[data-cursor="panning"] {
        cursor: grabbing;
      }
      .stage[data-cursor="point"] {
        cursor: pointer;
      }
      .stage[data-tiles="loading"]::after {
        content: "";
        position: absolute;
        inset: 0 0 auto;
        z-index: 2;
        height: 2px;
        background: linear-gradient(90deg, transparent, #56bdd9, transparent) 0 0 / 40% 100% no-repeat;
        opacity: 0;
        animation:
          appear 0.2s 0.5s forwards,
          along 1.3s 0.5s infinite linear;
        pointer-events: none;
      }
      @keyframes appear {
        to {
          opacity: 1;
        }
      }
      @keyframes along {
        from {
          background-position: -70% 0;
        }
        to {
          background-position: 170% 0;
        }
      }
      @media (prefers-reduced-motion: reduce) {
        .stage[data-tiles="loading"]::after {
          background: #56bdd9;
          animation: appear 0.2s 0.5s forwards;
        }
      }
      .navigator {
        position: absolute;
        top: 12px;
        right: 12px;
        z-index: 3;
        width: 168px;
        height: 126px;
        border: 1px solid rgb(255 255 255 / 22%);
        border-radius: 8px;
        background: rgb(10 15 18 / 94%);
        overflow: hidden;
        box-shadow: var(--shadow-2);
      }
      @media (max-width: 1100px) {
        .navigator {
          width: 132px;
          height: 99px;
        }
      }
    `,
  ];

  protected follows(desk: Desk) {
    return [desk.tool];
  }

  protected override render() {
    const { image } = this.desk.workspace;
    return html`
      <div class="stage" data-testid="stage" data-cursor=${this.cursorName()} tabindex="0" role="application"
        aria-label="Image ${image.name}. Arrow keys pan, plus and minus zoom; the list beside it has every annotation.">
        <div class="tiles"></div>
      </div>
      <div class="navigator" aria-hidden="true"></div>
      <slot></slot>
    `;
  }

  private get area(): HTMLElement {
    return this.renderRoot.querySelector(".stage")!;
  }

  protected override firstUpdated(): void {
    const { desk } = this;
    desk.stage = this;
    this.port = new OpenSeadragonPort(this.renderRoot.querySelector(".tiles")!, this.renderRoot.querySelector(".navigator")!);
    this.layer = new AnnotationLayer(desk, this.port.view);
    this.edit = new EditLayer(this.port.view);
    this.peers = new PeersLayer(this.port.view);
    for (const { element } of [this.layer.base, this.layer.recent, this.peers.canvas, this.edit.canvas]) this.port.addLayer(element);
    this.toolState = toolNamed(desk.tool.value).tool.idle;
    this.followPort();
    this.followDesk();
    this.takePointer();
    void this.start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const timer of [this.linkTimer, this.playTimer, this.lookTimer]) clearTimeout(timer);
    this.ahead.stop();
    for (const part of [this.layer, this.edit, this.peers, this.port]) part?.destroy();
  }

  // What the rest of the page may ask

  fit(bounds: Bounds): void {
    this.port.fit(bounds);
  }

  home(): void {
    this.port.home();
  }

  zoomTo(zoom: number): void {
    this.port.zoomTo(zoom);
  }

  zoomBy(factor: number): void {
    this.port.zoomBy(factor);
  }

  panBy(dx: number, dy: number): void {
    this.port.panBy(dx, dy);
  }

  rotateBy(degrees: number): void {
    this.port.rotateBy(degrees);
  }

  seen(): Bounds {
    return seenInUnits(this.port.view);
  }

  override focus(): void {
    this.area.focus();
  }

  async reopen(): Promise<void> {
    this.failure.value = null;
    await this.inform();
    this.openTiles(this.placed);
  }

  /** Is a shape half drawn? */
  get busy(): boolean {
    return toolNamed(this.desk.tool.value).tool.busy(this.toolState as never);
  }

  /** Enter, Escape and Backspace for the tool; false when it had no use for it. */
  toolKey(kind: KeyStep["kind"]): boolean {
    return this.feed({ kind });
  }

  holdSpace(held: boolean): void {
    if (this.spaceHeld === held) return;
    this.spaceHeld = held;
    this.requestUpdate();
  }

  // Following

  private async start(): Promise<void> {
    const { desk } = this;
    await this.inform();
    if (!this.isConnected) return;
    const link = placeFrom(location.search);
    if (link.plane !== null) desk.setPlane(link.plane);
    else if (link.frame === null) desk.showPlane(openingPlane(desk.workspace.image.planes));
    if (link.frame !== null && desk.volumetric) desk.setFrame(link.frame);
    this.openTiles(false);
    const wanted = new Set(link.annotations);
    const found = [...desk.session.store.all()].filter(([, row]) => row.number !== null && wanted.has(row.number));
    desk.session.selection.set(found.map(([key]) => key));
    const vector = found[0]?.[1].vector;
    if (vector && link.frame === null) desk.turnTo(vector);
  }

  /** Asks what the tiles are made of; without an answer the ancestor's Deep Zoom is shown. */
  private async inform(): Promise<void> {
    const { desk } = this;
    this.area.dataset["tiles"] = "loading";
    try {
      const told = await tileInfo(desk.workspace.image.number);
      this.refusal = null;
      this.unheard = false;
      desk.looks.start(told, location.search);
      desk.tiles.value = told;
    } catch (problem) {
      if (!(problem instanceof Refusal || problem instanceof Unreachable)) throw problem;
      this.refusal = problem.message;
      this.unheard = problem instanceof Unreachable;
    }
    this.informed = true;
  }

  /** Where the address says; else the selected annotation; else the whole image. */
  private placeFirst(): void {
    this.placed = true;
    this.area.dataset["placed"] = "";
    const link = placeFrom(location.search);
    if (link.bounds) this.port.fit(link.bounds, true);
    else if (link.annotations.length > 0) this.desk.zoomToSelection();
  }

  /** The server answers again: what could not be loaded meanwhile is loaded now. */
  private mend(): void {
    const { connection, outbox } = this.desk.session;
    const well = connection.state.value === "live" && !outbox.signedOut.value;
    if (well && this.unheard) void this.reopen();
    else if (well && this.port.incomplete) this.openTiles(true);
  }

  /** Once for a plane and a frame that change together. */
  private openTiles(keepView: boolean): void {
    if (!this.informed) return;
    if (this.opening === null) queueMicrotask(() => this.openNow());
    this.opening = keepView && this.opening !== false;
  }

  private openNow(): void {
    const keepView = this.opening === true;
    this.opening = null;
    if (!this.isConnected) return;
    this.ahead.stop();
    this.frameSince = performance.now();
    this.port.open(this.tilesOf(this.desk.frame.value), this.desk.extent, keepView);
  }

  /** The tiles of the shown plane at that frame, as they are looked at now. */
  private tilesOf(frame: number): Tiles {
    const { desk } = this;
    const { number } = desk.workspace.image;
    const plane = desk.plane.value;
    const told = desk.tiles.value;
    const grid = told?.planes.find((one) => one.plane === plane);
    if (!told || !grid) return tileSource(number, plane, frame);
    const place = { image: number, plane, frame, look: desk.looks.look.value, version: `${told.version}-${told.content}` };
    return { grid, urlOf: (level, column, row) => tileUrl({ ...place, level, column, row }) };
  }

  /** All tiles of the view are there: the frames beside it are next, and the next one when they are played. */
  private complete(): void {
    const { desk } = this;
    const view = this.view.value;
    if (!desk.volumetric || !view) return;
    if (desk.playing.value) this.playSoon();
    const at = desk.playing.value ? playedAxis(desk.axes) : desk.axes.length - 1;
    const urls = desk.beside(at, desk.playing.value ? [1, 2] : [1, -1]).flatMap((frame) => {
      const tiles = this.tilesOf(frame);
      if (typeof tiles === "string") return [];
      const level = levelFor(tiles.grid, zoomOf(view.matrix) * window.devicePixelRatio);
      return tilesIn(tiles.grid, level, seen(view), TILES_AHEAD).map(({ column, row }) => tiles.urlOf(level, column, row));
    });
    void this.ahead.fetch(urls);
  }

  private playSoon(): void {
    clearTimeout(this.playTimer);
    const { desk } = this;
    if (!desk.playing.value) return;
    const axis = desk.axes[playedAxis(desk.axes)];
    if (!axis) return;
    const left = playedEvery(axis) - (performance.now() - this.frameSince);
    this.playTimer = setTimeout(() => this.playOn(), Math.max(0, left));
  }

  private playOn(): void {
    const { desk } = this;
    if (!desk.playing.value) return;
    const [next] = desk.beside(playedAxis(desk.axes), [1]);
    if (next === undefined) return;
    desk.setFrame(next);
    clearTimeout(this.playTimer);
    this.playTimer = setTimeout(() => this.playOn(), FRAME_WAIT_MS);
  }

  /** A tile was given up: the server's sentence about it is worth more than a hole. */
  private async lost(url: string): Promise<void> {
    const now = performance.now();
    const { desk } = this;
    if (!url || desk.session.connection.state.value !== "live" || (this.lostAt > 0 && now - this.lostAt < LOST_MS)) return;
    this.lostAt = now;
    try {
      await request("GET", url);
    } catch (problem) {
      // Out of reach is told by the status line, and what is missing is fetched when the server answers again.
      if (!(problem instanceof Refusal || problem instanceof Unreachable)) throw problem;
      if (problem instanceof Refusal) desk.say(`A part of the image cannot be shown: ${problem.detail}`, "bad");
    }
  }

  private relookSoon(): void {
    if (!this.informed) return;
    this.linkSoon();
    this.lookTimer ??= setTimeout(() => {
      this.lookTimer = undefined;
      this.openTiles(true);
    }, LOOK_MS);
  }

  private followPort(): void {
    this.until(this.port.onView((view) => this.viewed(view)));
    this.until(this.port.onTiles((complete) => {
      this.area.dataset["tiles"] = complete ? "complete" : "loading";
      if (complete) this.complete();
    }));
    this.until(this.port.onLost((url) => void this.lost(url)));
    this.until(this.port.onFailure((sentence) => {
      this.area.dataset["tiles"] = "failed";
      this.failure.value = this.refusal ?? sentence;
    }));
  }

  private viewed(view: View): void {
    const first = !this.placed;
    for (const layer of [this.layer, this.edit, this.peers]) layer.setView(view);
    this.view.value = view;
    if (first) return this.placeFirst();
    this.attend();
    this.linkSoon();
  }

  private followDesk(): void {
    const { desk } = this;
    const { store, selection, connection } = desk.session;
    const all = (): void => (this.layer.reset(), this.showInHand());
    this.until(store.subscribe(({ keys }) => (keys ? this.layer.update(keys) : this.layer.reset(), this.showInHand())));
    this.until(desk.plane.subscribe(() => (this.openTiles(false), all())));
    this.until(desk.looks.look.subscribe(() => this.relookSoon()));
    this.until(desk.playing.subscribe(() => this.playSoon()));
    this.until(desk.frame.subscribe(() => (this.openTiles(true), all(), this.attend(), this.linkSoon())));
    this.until(desk.hidden.subscribe(all));
    this.until(desk.fill.subscribe(() => ((this.layer.fill = desk.fill.value), all())));
    this.until(desk.shown.subscribe(() => ((this.layer.visible = desk.shown.value), all())));
    this.until(desk.tool.subscribe(() => this.toolChanged()));
    this.until(selection.subscribe(() => (this.forgetPoint(), this.showInHand(), this.attend(), this.linkSoon())));
    for (const signal of [desk.hovered, desk.ghost, desk.preview]) this.until(signal.subscribe(() => this.showInHand()));
    this.until(connection.people.subscribe(() => this.showPeers()));
    this.until(connection.state.subscribe(() => (this.attend(), this.mend())));
    this.until(desk.session.outbox.signedOut.subscribe(() => this.mend()));
    const fading = setInterval(() => connection.people.value.size > 0 && this.showPeers(), 2000);
    this.until(() => clearInterval(fading));
    this.layer.fill = desk.fill.value;
    this.layer.reset();
  }

  private toolChanged(): void {
    this.toolState = toolNamed(this.desk.tool.value).tool.idle;
    this.desk.preview.value = null;
    this.showInHand();
  }

  /** The point that was touched last belongs to the shape that was selected. */
  private forgetPoint(): void {
    if (this.desk.tool.value === "select" && this.gesture === null) this.toolState = toolNamed("select").tool.idle;
  }

  private showInHand(): void {
    const { desk } = this;
    const selecting = desk.tool.value === "select";
    const preview = desk.preview.value;
    const lifted = preview?.key ?? null;
    const vectors = desk.session.selection.value
      .slice(0, MOST_HALOS)
      .filter((key) => key !== lifted)
      .map((key) => desk.shape(key)?.vector)
      .filter((vector): vector is Vector => vector !== undefined);
    const state = this.toolState as SelectState | null;
    this.layer.lift(lifted);
    this.edit.show({
      selected: desk.shown.value ? vectors : [],
      editable: selecting && desk.shown.value ? (this.surface().selected?.vector ?? null) : null,
      active: selecting && state?.name === "idle" ? state.active : null,
      hovered: desk.hovered.value === null ? null : (desk.shape(desk.hovered.value)?.vector ?? null),
      preview,
      colour: this.inkOfPreview(lifted),
      ghost: desk.ghost.value,
    });
  }

  private inkOfPreview(lifted: string | null): string {
    const row = lifted === null ? undefined : this.desk.session.store.get(lifted);
    const type = row ? this.desk.typeOf(row) : this.desk.typeById(this.desk.typeId.value);
    return type?.color_code ?? "#35c4ea";
  }

  private showPeers(): void {
    const { desk } = this;
    const now = Date.now();
    const peers: Peer[] = [];
    for (const presence of desk.session.connection.people.value.values()) {
      desk.meet(presence);
      const since = this.sinceMoved(presence, now);
      if (presence.plane !== desk.plane.value || (desk.volumetric && presence.frame !== desk.frame.value)) continue;
      const keys = presence.selection.map((id) => desk.session.store.keyOf(id));
      const selected = keys.flatMap((key) => (key ? (desk.shape(key)?.vector ?? []) : []));
      peers.push({ presence, idleMs: now - since, selected });
    }
    this.peers.show(peers);
  }

  private sinceMoved(presence: Presence, now: number): number {
    const at = JSON.stringify([presence.cursor, presence.viewport]);
    const before = this.moved.get(presence.session);
    if (before?.at === at) return before.since;
    this.moved.set(presence.session, { at, since: now });
    return now;
  }

  private readonly attend = throttled<void>(PRESENCE_MS, systemClock, () => {
    const { desk } = this;
    const view = this.view.value;
    const bounds = view ? seenInUnits(view).map(Math.round) : null;
    const ids = desk.session.selection.value.slice(0, 50).flatMap((key) => desk.session.store.get(key)?.id || []);
    desk.session.connection.show({
      cursor: this.cursor.value ? [Math.round(this.cursor.value[0]), Math.round(this.cursor.value[1])] : null,
      viewport: bounds ? [bounds[0]!, bounds[1]!, bounds[2]! - bounds[0]!, bounds[3]! - bounds[1]!] : null,
      frame: desk.frame.value,
      plane: desk.plane.value,
      selection: ids,
    });
  });

  private linkSoon(): void {
    clearTimeout(this.linkTimer);
    this.linkTimer = setTimeout(() => this.link(), LINK_DELAY_MS);
  }

  private link(): void {
    const { desk } = this;
    const view = this.view.value;
    const place = {
      frame: desk.volumetric ? desk.frame.value : null,
      plane: desk.workspace.image.planes.length > 1 ? desk.plane.value : null,
      bounds: view ? seen(view) : null,
      annotations: desk.session.selection.value.slice(0, LINKED_MAX).flatMap((key) => desk.session.store.get(key)?.number ?? []),
    };
    history.replaceState(history.state, "", `${location.pathname}${searchFor(place, desk.looks.look.value)}`);
  }

  // The hand

  private takePointer(): void {
    const on = (name: string, act: (event: PointerEvent) => void): void =>
      this.area.addEventListener(name, act as EventListener, { capture: true });
    on("pointerdown", (event) => this.pressed(event));
    on("pointermove", (event) => this.movedTo(event));
    on("pointerup", (event) => this.released(event));
    on("pointercancel", (event) => this.abandoned(event));
    on("pointerleave", () => this.left());
    on("dblclick", (event) => this.feedPointer("double", event));
    this.area.addEventListener("wheel", (event) => this.wheeled(event), { capture: true, passive: false });
  }

  private pressed(event: PointerEvent): void {
    this.area.focus({ preventScroll: true });
    if (!this.view.value) return event.stopPropagation(); // nothing is there yet that could be drawn on or moved
    if (event.pointerType === "touch") this.touches.add(event.pointerId);
    if (this.touches.size > 1) return this.abandoned(event);
    if (event.button === 1) return this.pressedMiddle(event);
    if (event.button !== 0 || this.panning) return;
    this.downAt = [event.clientX, event.clientY];
    if (!this.feedPointer("down", event)) return;
    this.gesture = event.pointerId;
    this.area.setPointerCapture(event.pointerId);
    event.stopPropagation();
  }

  private pressedMiddle(event: PointerEvent): void {
    this.middle = [event.clientX, event.clientY];
    this.area.setPointerCapture(event.pointerId);
    event.stopPropagation();
    event.preventDefault();
  }

  private movedTo(event: PointerEvent): void {
    if (this.middle) {
      this.port.panBy(this.middle[0] - event.clientX, this.middle[1] - event.clientY);
      this.middle = [event.clientX, event.clientY];
      return event.stopPropagation();
    }
    const at = this.placeOf(event);
    if (!at) return;
    this.cursor.value = at;
    this.attend();
    if (this.gesture !== null) {
      const steps = event.getCoalescedEvents?.() ?? [];
      for (const step of steps.length > 0 ? steps : [event]) this.feedPointer("move", step);
      return event.stopPropagation();
    }
    if (!this.panning) this.feedPointer("move", event);
    if (event.buttons === 0) this.hoverSoon(at, event);
  }

  private released(event: PointerEvent): void {
    this.touches.delete(event.pointerId);
    if (this.middle) {
      this.middle = null;
      return event.stopPropagation();
    }
    if (event.button === 0 && !this.panning) {
      if (this.gesture === null && this.wasDrag(event)) this.feed({ kind: "cancel" });
      else this.feedPointer("up", event);
    }
    if (this.gesture === event.pointerId) {
      this.gesture = null;
      event.stopPropagation();
    }
  }

  private wasDrag(event: PointerEvent): boolean {
    return !this.downAt || Math.hypot(event.clientX - this.downAt[0], event.clientY - this.downAt[1]) > CLICK_PX;
  }

  private abandoned(event: PointerEvent): void {
    if (event.type === "pointercancel") this.touches.delete(event.pointerId);
    if (this.gesture !== null) this.feed({ kind: "cancel" });
    this.gesture = null;
    this.middle = null;
  }

  private left(): void {
    if (this.gesture !== null) return;
    this.cursor.value = null;
    this.desk.hovered.value = null;
    if (!this.busy) this.desk.preview.value = null;
    this.attend();
  }

  private wheeled(event: WheelEvent): void {
    if (!event.shiftKey || !this.desk.volumetric) return;
    event.preventDefault();
    event.stopPropagation();
    const delta = event.deltaY || event.deltaX;
    if (delta !== 0) this.desk.step(Math.sign(delta));
  }

  private get panning(): boolean {
    return this.spaceHeld || this.desk.tool.value === "pan";
  }

  /** What is under the pointer is looked up at most once a frame. */
  private hoverSoon(at: Point, event: PointerEvent): void {
    if (this.hover || this.desk.tool.value !== "select") return;
    const tolerance = this.tolerance(event.pointerType);
    this.hover = requestAnimationFrame(() => {
      this.hover = 0;
      this.desk.hovered.value = this.layer.hit(at, tolerance);
      this.area.dataset["cursor"] = this.cursorName();
    });
  }

  private cursorName(): string {
    if (this.desk && this.panning) return "pan";
    if (this.desk.tool.value !== "select") return "draw";
    return this.desk.hovered.value === null ? "select" : "point";
  }

  private tolerance(pointerType: string): number {
    const reach = REACH_PX[pointerType as keyof typeof REACH_PX] ?? REACH_PX.mouse;
    return (reach * UNITS_PER_PIXEL) / zoomOf(this.port.view.matrix);
  }

  private placeOf(event: MouseEvent): Point | null {
    const view = this.view.value;
    if (!view) return null;
    const box = this.area.getBoundingClientRect();
    return toUnits(view, event.clientX - box.left, event.clientY - box.top);
  }

  private surface() {
    const view = this.view.value;
    return this.desk.surface(view ? seenInUnits(view) : [0, 0, 0, 0], (at, tolerance) => this.layer.hit(at, tolerance));
  }

  private feedPointer(kind: "down" | "move" | "up" | "double", event: MouseEvent): boolean {
    const at = this.placeOf(event);
    if (!at) return false;
    const pointerType = event instanceof PointerEvent ? event.pointerType : "mouse";
    const modifiers = { alt: event.altKey, shift: event.shiftKey };
    return this.feed({ kind, at, tolerance: this.tolerance(pointerType), modifiers });
  }

  /** One step of the tool; true when it took the event. */
  private feed(event: ToolEvent): boolean {
    const { tool } = toolNamed(this.desk.tool.value);
    const outcome = tool.step(this.toolState as never, event, this.surface());
    this.toolState = outcome.state;
    this.desk.preview.value = outcome.preview;
    for (const wish of outcome.wishes) this.desk.grant(wish);
    if (outcome.message) this.desk.say(outcome.message);
    if (outcome.wishes.length > 0 || "active" in (outcome.state as object ?? {})) this.showInHand();
    return outcome.handled;
  }
}

customElements.define("exact-stage", ExactStage);
