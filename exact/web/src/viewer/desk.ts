/** The desk: everything the page shows and every deed a person can do on it. Elements only draw it and call it. */

import { count } from "../design/format";
import type { Person, TileInfo, Workspace } from "../api/viewer";
import type { Fact } from "../model/facts";
import type { Annotation, AnnotationType, Status, Verdict } from "../model/annotation";
import type { Asker } from "../model/compensations";
import { type Axis, axesOf, frameOf, indicesOf, moved } from "../model/frames";
import { boundsOf, movedTogether } from "../model/geometry";
import { type Bounds, type Extent, UNITS_PER_PIXEL, type Vector, VectorType, sameVector, withPoints } from "../model/vector";
import type { Choice } from "../model/selections";
import { type PixelSize, scaleOf } from "../model/units";
import type { Session } from "../live/session";
import type { LayerSource } from "../layers/annotation-layer";
import type { Shape } from "../layers/shapes";
import { Roster } from "../state/roster";
import { Signal } from "../state/signal";
import { type ToolName, TOOLS, toolFor, toolNamed } from "../tools/registry";
import type { Preview, Surface, Wish } from "../tools/tool";
import { sentenceOfMany } from "./many";
import { Announcer } from "./announcer";
import { Looks } from "./looks";

export interface Ghost {
  readonly vector: Vector;
  readonly label: string;
}

export interface Remark {
  readonly text: string;
  readonly kind: "plain" | "bad";
}

/** How the list is narrowed. */
export interface Filter {
  readonly text: string;
  readonly type: string;
  readonly status: "" | Status | "unsent";
  readonly person: string;
}

/** So many annotations are changed by one deed at most: twenty requests, and one undo. */
export const SELECTED_MAX = 10_000;

export const NO_FILTER: Filter = { text: "", type: "", status: "", person: "" };

/** What the stage can do for the rest of the page. */
export interface Stage {
  fit(bounds: Bounds): void;
  home(): void;
  zoomTo(zoom: number): void;
  zoomBy(factor: number): void;
  panBy(dx: number, dy: number): void;
  rotateBy(degrees: number): void;
  /** What of the image is seen, in 1/100 pixel. */
  seen(): Bounds;
  focus(): void;
}

export class Desk implements LayerSource {
  readonly frame: Signal<number>;
  readonly plane: Signal<number>;
  readonly tool = new Signal<ToolName>("select");
  readonly typeId: Signal<string | null>;
  /** Types whose annotations are not shown. */
  readonly hidden = new Signal<ReadonlySet<string>>(new Set());
  readonly filter = new Signal<Filter>(NO_FILTER);
  readonly fill = new Signal(0.1);
  readonly shown = new Signal(true);
  readonly hovered = new Signal<string | null>(null);
  readonly ghost = new Signal<Ghost | null>(null);
  readonly preview = new Signal<Preview | null>(null);
  /** The list as it is narrowed and ordered; the panel and the next/previous keys walk it. */
  readonly listed = new Signal<readonly string[]>([]);
  readonly helpOpen = new Signal(false);
  /** What the tiles are made of; null until it is known, and where the server cannot tell. */
  readonly tiles = new Signal<TileInfo | null>(null);
  /** Channels, window and colour profile. */
  readonly looks: Looks;
  readonly lookOpen = new Signal(false);
  /** Frames follow each other by themselves. */
  readonly playing = new Signal(false);
  /** Opens what is known of the image; the page gives it. */
  showFacts: () => void = () => undefined;
  /** Opens the dialog for all annotations that a filter leaves; the page gives it. */
  askForAll: (choice: Partial<Choice>) => void = () => undefined;
  /** A sentence for the person, shown for a few seconds. */
  readonly remark = new Signal<Remark | null>(null);
  /** Counts of annotations per type that are not removed. */
  readonly counts = new Signal<ReadonlyMap<string, number>>(new Map());
  readonly imageName: Signal<string>;
  readonly announcer: Announcer;
  stage: Stage | null = null;

  /** What may be drawn, in the order of the palette. */
  readonly types: readonly AnnotationType[];
  /** What was drawn with types that are not offered any more. */
  readonly formerTypes: readonly AnnotationType[];
  private readonly allTypes: readonly AnnotationType[];
  readonly colours: readonly string[];
  private readonly typeIndex: ReadonlyMap<string, number>;
  private readonly people: Map<string, Person>;
  private readonly roster = new Roster();
  /** The slice that was seen last, by plane. */
  private readonly slices = new Map<number, number>();

  constructor(readonly workspace: Workspace, readonly session: Session) {
    this.types = workspace.annotation_types.toSorted((a, b) => a.sort_order - b.sort_order || a.number - b.number);
    this.formerTypes = workspace.other_types ?? [];
    this.allTypes = [...this.types, ...this.formerTypes];
    this.colours = this.allTypes.map((type) => type.color_code);
    this.typeIndex = new Map(this.allTypes.map((type, index) => [type.id, index]));
    this.people = new Map([...workspace.people, workspace.me].map((person) => [person.person_id, person]));
    this.imageName = new Signal(workspace.image.name);
    this.looks = new Looks(workspace.image.id, localStorage);
    this.frame = new Signal(workspace.image.default_frame ?? 0);
    this.plane = new Signal(workspace.image.planes[0]?.plane ?? 0);
    this.typeId = new Signal(this.localTypes[0]?.id ?? null);
    this.announcer = new Announcer((fact) => this.sentenceFor(fact));
    this.followSession();
  }

  // What there is

  get mayAnnotate(): boolean {
    return this.workspace.permissions.includes("annotate");
  }

  get mayVerify(): boolean {
    return this.workspace.permissions.includes("verify");
  }

  /** Who asks, when rights are looked at. */
  get asker(): Asker {
    return { person: this.workspace.me.person_id, permissions: this.workspace.permissions };
  }

  /** Nothing can be asked of the server now. */
  get offline(): boolean {
    return this.session.status.value.state === "offline";
  }

  /** Types that are drawn, in the order of the number keys. */
  get localTypes(): readonly AnnotationType[] {
    return this.types.filter((type) => type.vector_type !== VectorType.GLOBAL);
  }

  /** Types that label the whole image or frame, in the order of Shift and number. */
  get globalTypes(): readonly AnnotationType[] {
    return this.types.filter((type) => type.vector_type === VectorType.GLOBAL);
  }

  get volumetric(): boolean {
    return this.workspace.image.planes.some((plane) => plane.frames > 1);
  }

  /** In which directions frames of the shown plane follow each other, slowest first. */
  get axes(): readonly Axis[] {
    return axesOf(this.tiles.value?.axes ?? [], this.planeNow.frames, this.plane.value);
  }

  /** What the file calls the shown frame. */
  get frameName(): string | null {
    const names = this.tiles.value?.frame_names ?? this.workspace.image.frame_names;
    return (this.plane.value === 0 && names?.[this.frame.value]) || null;
  }

  get planeNow() {
    const { planes } = this.workspace.image;
    return planes.find((one) => one.plane === this.plane.value) ?? planes[0]!;
  }

  get extent(): Extent {
    return this.planeNow;
  }

  get pixelSize(): PixelSize | null {
    return this.planeNow.pixel_size_um;
  }

  get scale() {
    return scaleOf(this.pixelSize);
  }

  typeOf(row: Annotation): AnnotationType | undefined {
    return this.allTypes[this.typeIndex.get(row.annotation_type_id) ?? -1];
  }

  typeById(id: string | null): AnnotationType | undefined {
    return id === null ? undefined : this.allTypes[this.typeIndex.get(id) ?? -1];
  }

  nameOf(person: string): string {
    return this.people.get(person)?.name ?? "Somebody";
  }

  person(id: string): Person | undefined {
    return this.people.get(id);
  }

  /** Somebody whom the workspace did not name was met live. */
  meet(person: Person): void {
    if (!this.people.has(person.person_id)) this.people.set(person.person_id, person);
  }

  get selectedRow(): { key: string; row: Annotation } | null {
    const key = this.session.selection.only;
    const row = key === null ? undefined : this.session.store.get(key);
    return key !== null && row ? { key, row } : null;
  }

  // What is seen of it

  shapes(): Shape[] {
    const found: Shape[] = [];
    for (const [key, row] of this.session.store.all()) {
      const shape = this.shapeOf(key, row);
      if (shape) found.push(shape);
    }
    return found;
  }

  shape(key: string): Shape | undefined {
    const row = this.session.store.get(key);
    return row && this.shapeOf(key, row);
  }

  private shapeOf(key: string, row: Annotation): Shape | undefined {
    const type = this.typeIndex.get(row.annotation_type_id);
    if (!row.vector || row.removed || type === undefined || !this.isHere(row)) return undefined;
    if (this.hidden.value.has(row.annotation_type_id)) return undefined;
    const area = this.allTypes[type]!.area_hit_test !== false;
    return { key, vector: row.vector, type, status: row.status, phase: this.session.store.phase(key), area };
  }

  /** Is it on the frame and plane that are shown? */
  isHere(row: Annotation): boolean {
    if (!row.vector || !this.volumetric) return true;
    if (row.vector.plane !== this.plane.value) return false;
    return row.vector.frame === null || row.vector.frame === this.frame.value || this.typeOf(row)?.multi_frame === true;
  }

  surface(view: Bounds, hit: Surface["hit"]): Surface {
    const selected = this.selectedRow;
    const vector = selected?.row.vector;
    const editable = selected && vector && this.mayAnnotate && !selected.row.removed && this.isHere(selected.row);
    return {
      extent: this.extent,
      frame: this.volumetric ? this.frame.value : null,
      plane: this.plane.value,
      type: this.typeById(this.typeId.value) ?? null,
      view,
      selected: editable ? { key: selected.key, vector } : null,
      hit,
    };
  }

  // Deeds

  say(text: string, kind: Remark["kind"] = "plain"): void {
    this.remark.value = { text, kind };
  }

  arm(name: ToolName): void {
    const { draws } = toolNamed(name);
    if (draws !== null) {
      if (!this.mayAnnotate) return;
      const type = this.typeFor(draws);
      if (!type) return this.say(`No annotation type is drawn as a ${toolNamed(name).title.toLowerCase()}.`);
      this.typeId.value = type.id;
    }
    this.tool.value = name;
  }

  /** The chosen type if it has that shape, else the first that has. */
  private typeFor(draws: VectorType): AnnotationType | undefined {
    const chosen = this.typeById(this.typeId.value);
    return chosen?.vector_type === draws ? chosen : this.types.find((type) => type.vector_type === draws);
  }

  /** Can the tool be used with what types there are? */
  usable(name: ToolName): boolean {
    const { draws } = toolNamed(name);
    return draws === null || (this.mayAnnotate && this.types.some((type) => type.vector_type === draws));
  }

  choose(type: AnnotationType): void {
    if (type.vector_type === VectorType.GLOBAL) return this.labelImage(type);
    this.typeId.value = type.id;
    if (this.mayAnnotate) this.tool.value = toolFor(type);
  }

  /** Labels the whole image or frame; a second time takes the label away. */
  labelImage(type: AnnotationType): void {
    if (!this.mayAnnotate) return;
    const there = this.labelOf(type);
    if (there) return this.session.remove(there);
    const frame = this.volumetric && !type.multi_frame ? this.frame.value : null;
    this.session.draw(type.id, { vector_type: VectorType.GLOBAL, points: [], frame, plane: this.plane.value });
  }

  /** The label of this type on the image or frame that is shown. */
  labelOf(type: AnnotationType): string | null {
    for (const [key, row] of this.session.store.all()) {
      if (row.annotation_type_id === type.id && !row.removed && this.isHere(row)) return key;
    }
    return null;
  }

  grant(wish: Wish): void {
    if (wish.wish === "select") return this.select(wish.key, wish.add);
    if (!this.mayAnnotate) return;
    if (wish.wish === "reshape") return this.session.reshape(wish.key, wish.vector);
    if (wish.wish === "remove") return this.session.remove(wish.key);
    const type = this.typeById(this.typeId.value);
    if (!type) return this.say("Choose an annotation type first.");
    this.session.selection.set([this.session.draw(type.id, wish.vector)]);
  }

  select(key: string | null, add = false): void {
    this.ghost.value = null;
    if (key === null) this.session.selection.set([]);
    else if (add) this.session.selection.toggle(key);
    else this.session.selection.set([key]);
  }

  removeSelection(): void {
    if (!this.mayAnnotate) return;
    const keys = this.chosen();
    const next = keys.length === 1 ? this.neighbour(keys[0]!) : null;
    this.session.performAll(keys.map((key) => ({ key, change: { command: "RemoveAnnotation", reason: "" } })));
    if (keys.length === 1) this.announcer.say("Removed. Control Z brings it back.");
    else this.sayMany(keys.length, "removed");
    if (next !== null && this.listFocused) this.select(next);
  }

  /** Set by the list: removing with the keyboard goes on with the next row. */
  listFocused = false;

  retype(type: AnnotationType): void {
    if (!this.mayAnnotate) return;
    const rows = this.chosen().map((key) => ({ key, row: this.session.store.get(key)! }));
    const other = rows.filter(({ row }) => row.vector && row.vector.vector_type !== type.vector_type);
    if (other.length > 0) this.say(`${type.name} is drawn as another shape (${toolTitle(type.vector_type)}).`, "bad");
    const meant = rows.filter((one) => !other.includes(one) && one.row.annotation_type_id !== type.id);
    this.session.performAll(meant.map(({ key }) => ({ key, change: { command: "ReclassifyAnnotation", annotation_type_id: type.id } })));
    if (other.length === 0) this.sayMany(meant.length, `given the type ${type.name}`);
  }

  verifySelection(verdict: Verdict): void {
    if (!this.mayVerify) return this.say("Your role may not verify.");
    const { taken, count } = this.session.verify(this.chosen(), verdict);
    this.sayMany(count, taken ? "without your verdict now" : verdict);
  }

  /** The selection, where it is not too large for one deed. */
  private chosen(): readonly string[] {
    const keys = this.session.selection.value;
    if (keys.length <= SELECTED_MAX) return keys;
    this.say(`At most ${count(SELECTED_MAX)} annotations are changed at once. Narrow the list, or take “All …” in the menu of a type.`, "bad");
    return [];
  }

  private sayMany(many: number, what: string): void {
    if (many < 2) return;
    const sentence = `${count(many)} ${what}.`;
    this.say(`${sentence} Ctrl Z takes all of it back.`);
    this.announcer.say(`${sentence} Control Z takes all of it back.`);
  }

  /** Everything that the list shows, as it is narrowed. */
  selectListed(): void {
    this.ghost.value = null;
    this.session.selection.set(this.listed.value);
  }

  /** Selects and shows the next (1) or previous (-1) annotation without a verdict. */
  goToOpen(step: 1 | -1): void {
    const keys = this.listed.value;
    const start = keys.indexOf(this.session.selection.only ?? "");
    for (let i = 1; i <= keys.length; i++) {
      const at = start === -1 && step === -1 ? keys.length - i : start + step * i;
      const key = keys[((at % keys.length) + keys.length) % keys.length]!;
      if (this.session.store.get(key)?.status === "open") return this.goTo(key);
    }
    this.say("Every annotation in the list has a verdict.");
  }

  /** Chosen from the list: on a volume its slice is shown. */
  pick(key: string, add = false): void {
    this.select(key, add);
    const vector = this.session.store.get(key)?.vector;
    if (vector && !add) this.turnTo(vector);
  }

  /** From the last one that was chosen up to this one, as the list orders them. */
  pickRange(key: string): void {
    const keys = this.listed.value;
    const from = keys.indexOf(this.session.selection.value.at(-1) ?? "");
    const to = keys.indexOf(key);
    if (from === -1 || to === -1) return this.pick(key);
    const between = keys.slice(Math.min(from, to), Math.max(from, to) + 1);
    const anchor = keys[from]!;
    this.ghost.value = null;
    this.session.selection.set([...between.filter((one) => one !== anchor), anchor]);
  }

  /** Selects those that are there and brings them into view. */
  show(keys: readonly string[]): void {
    this.ghost.value = null;
    this.session.selection.set(keys.filter((key) => this.session.store.get(key)?.removed === false));
    this.zoomToSelection();
  }

  /** Selects it and brings it into view with room around it. */
  goTo(key: string): void {
    this.select(key);
    this.zoomToSelection();
  }

  /** Selects all of them and brings them into view. */
  showThese(keys: readonly string[]): void {
    this.select(null);
    this.session.selection.set(keys);
    this.zoomToSelection();
  }

  zoomToSelection(): void {
    const vectors = this.session.selection.value.map((key) => this.session.store.get(key)?.vector ?? null);
    const first = vectors.find((vector) => vector !== null);
    if (!first) return;
    this.turnTo(first);
    const points = vectors.flatMap((vector) => (vector && vector.plane === this.plane.value ? [...vector.points] : []));
    const bounds = boundsOf(points);
    if (bounds) this.stage?.fit(withRoom(bounds));
  }

  /** Shows the frame and plane of a shape. */
  turnTo(vector: Pick<Vector, "frame" | "plane">): void {
    if (!this.volumetric) return;
    this.setPlane(vector.plane);
    if (vector.frame !== null) this.setFrame(vector.frame);
  }

  setPlane(plane: number): void {
    const found = this.workspace.image.planes.find((one) => one.plane === plane);
    if (!found || plane === this.plane.value) return;
    this.plane.value = plane;
    this.setFrame(Math.min(this.frame.value, found.frames - 1));
  }

  /** Turns to a plane by hand: at the slice that was seen there last, else in the middle; time stays. */
  showPlane(plane: number): void {
    if (plane === this.plane.value) return;
    const now = indicesOf(this.frame.value, this.axes);
    this.slices.set(this.plane.value, now.at(-1) ?? 0);
    this.playing.value = false;
    this.setPlane(plane);
    const { axes } = this;
    const slice = this.slices.get(plane) ?? Math.floor((axes.at(-1)?.size ?? 1) / 2);
    if (axes.length > 0) this.setFrame(frameOf(axes.map((_, at) => (at === axes.length - 1 ? slice : (now[at] ?? 0))), axes));
  }

  setFrame(frame: number): void {
    this.frame.value = Math.min(Math.max(0, Math.round(frame)), this.planeNow.frames - 1);
  }

  /** One frame on along an axis, by hand: the fastest (0), or a slower one. */
  step(by: number, slower = 0): void {
    this.playing.value = false;
    const { axes } = this;
    const at = axes.length - 1 - slower;
    if (at >= 0) this.setFrame(moved(this.frame.value, axes, at, indicesOf(this.frame.value, axes)[at]! + by));
  }

  /** The frame with that index on an axis, by hand. */
  turnAxis(at: number, index: number): void {
    this.playing.value = false;
    this.setFrame(moved(this.frame.value, this.axes, at, index));
  }

  /** The frames beside the shown one on that axis, `far` to both sides; after the last comes the first. */
  beside(at: number, offsets: readonly number[]): number[] {
    const { axes } = this;
    const indices = indicesOf(this.frame.value, axes);
    const size = axes[at]?.size ?? 1;
    const there = offsets.map((by) => frameOf(indices.with(at, (indices[at]! + by + size) % size), axes));
    return [...new Set(there)].filter((frame) => frame !== this.frame.value);
  }

  nudge(dx: number, dy: number): void {
    if (!this.mayAnnotate) return;
    const shapes = this.chosen().flatMap((key) => {
      const vector = this.session.store.get(key)?.vector;
      return vector && vector.points.length > 0 && vector.plane === this.plane.value ? [{ key, vector }] : [];
    });
    const [width, height] = [this.extent.width * UNITS_PER_PIXEL, this.extent.height * UNITS_PER_PIXEL];
    const shifted = movedTogether(shapes.map(({ vector }) => vector.points), dx * UNITS_PER_PIXEL, dy * UNITS_PER_PIXEL, width, height);
    const parts = shapes.map(({ key, vector }, index) => ({ key, vector: withPoints(vector, shifted[index]!), before: vector }));
    this.session.performAll(parts.filter(({ vector, before }) => !sameVector(vector, before))
      .map(({ key, vector }) => ({ key, change: { command: "ReshapeAnnotation", vector } })));
  }

  toggleType(id: string): void {
    const hidden = new Set(this.hidden.value);
    if (!hidden.delete(id)) hidden.add(id);
    this.hidden.value = hidden;
  }

  setFill(fill: number): void {
    this.fill.value = Math.min(0.8, Math.max(0, Math.round(fill * 100) / 100));
  }

  // The list

  /** Does the row pass the filter? */
  passes(key: string, row: Annotation): boolean {
    const { text, type, status, person } = this.filter.value;
    if (row.removed || (type && row.annotation_type_id !== type)) return false;
    if (person && row.created_by !== person && row.edited_by !== person) return false;
    if (status === "unsent" ? this.session.store.phase(key) === "saved" : status && row.status !== status) return false;
    return !text || this.wordsOf(row).includes(text.toLowerCase());
  }

  private wordsOf(row: Annotation): string {
    return `#${row.number ?? ""} ${this.typeOf(row)?.name ?? ""} ${row.description} ${this.nameOf(row.created_by)}`.toLowerCase();
  }

  /** Lists everything anew, or only what changed. */
  relist(keys: ReadonlySet<string> | null = null): void {
    const passes = (key: string, row: Annotation): boolean => this.passes(key, row);
    if (keys === null) this.roster.fill(this.session.store.all(), passes);
    else for (const key of keys) this.roster.update(key, this.session.store.get(key), passes);
    this.counts.value = new Map(this.roster.counts);
    this.listed.value = [...this.roster.keys];
  }

  private neighbour(key: string): string | null {
    const keys = this.listed.value;
    const at = keys.indexOf(key);
    return at === -1 ? null : (keys[at + 1] ?? keys[at - 1] ?? null);
  }

  private followSession(): void {
    const { store } = this.session;
    let changed: Set<string> | null = new Set();
    let waiting = false;
    const soon = (keys: ReadonlySet<string> | null): void => {
      changed = keys && changed ? new Set([...changed, ...keys]) : null;
      if (waiting) return;
      waiting = true;
      setTimeout(() => {
        waiting = false;
        const what = changed;
        changed = new Set();
        this.relist(what);
      }, 0);
    };
    store.subscribe(({ keys, facts }) => {
      soon(keys);
      const others = facts.filter((fact) => fact.data.by !== this.workspace.me.person_id);
      if (others.length > 0) this.announcer.hear(others);
    });
    this.filter.subscribe(() => soon(null));
    this.session.moved.subscribe(() => this.session.moved.value.forEach((fact) => this.manyMoved(fact)));
    this.session.imageFact.subscribe(() => this.imageChanged(this.session.imageFact.value));
  }

  private manyMoved(fact: Fact): void {
    const { person_id } = this.workspace.me;
    const sentence = sentenceOfMany(fact, fact.data.by === person_id ? "you" : this.nameOf(fact.data.by ?? ""));
    this.say(sentence);
    this.announcer.say(sentence);
  }

  private imageChanged(fact: Fact | null): void {
    if (fact?.name === "ImageRenamed" && fact.data.name) this.imageName.value = fact.data.name;
    if (fact?.name === "ImageWithdrawn") this.say(`${this.nameOf(fact.data.by ?? "")} withdrew this image.`, "bad");
    if (fact?.name === "ImageRestored") this.say(`${this.nameOf(fact.data.by ?? "")} restored this image.`);
  }

  private sentenceFor(fact: Fact): string {
    const key = this.session.store.keyOf(fact.stream);
    const row = key ? this.session.store.get(key) : undefined;
    const type = row ? this.typeOf(row)?.name : undefined;
    return `${this.nameOf(fact.data.by ?? "")} ${VERBS[fact.name] ?? "changed"} ${type ?? "an annotation"}`;
  }
}

const VERBS: Record<string, string> = {
  AnnotationDrawn: "drew",
  AnnotationReshaped: "reshaped",
  AnnotationReclassified: "changed the type to",
  AnnotationDescribed: "wrote a remark on",
  AnnotationRemoved: "removed",
  AnnotationRestored: "restored",
  AnnotationVerified: "verified",
  VerificationWithdrawn: "took back a verdict on",
};

function toolTitle(vectorType: number): string {
  return TOOLS.find((tool) => tool.draws === vectorType)?.title.toLowerCase() ?? "whole image";
}

/** Half the shape's size around it, at least 60 pixels: enough to see where it lies. In pixels. */
function withRoom([left, top, right, bottom]: Bounds): Bounds {
  const room = Math.max((right - left) / 2, (bottom - top) / 2, 6000);
  return [left - room, top - room, right + room, bottom + room].map((value) => value / UNITS_PER_PIXEL) as unknown as Bounds;
}
