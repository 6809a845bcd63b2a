/** Set-wide wishes from the viewer: in what is seen, on the image, in the image set. */

import { toast } from "../design/toast";
import { carryOut } from "../live/selections";
import { surveySet } from "../live/surveys";
import { systemClock } from "../live/clock";
import { type Act, type Choice, type LeftAlone, type Outcome, type Survey, regionOf, surveyOf, whereOf } from "../model/selections";
import type { Ground, Scene } from "../panels/selection-dialog";
import type { Bounds } from "../model/vector";
import type { Desk } from "./desk";

export class DeskScene implements Scene {
  readonly grounds = [
    { value: "view", title: "This view" },
    { value: "image", title: "This image" },
    { value: "set", title: "This image set" },
  ] as const;

  constructor(private readonly desk: Desk) {}

  get types() {
    return [...this.desk.types, ...this.desk.formerTypes];
  }

  get acts(): readonly Act[] {
    const { mayVerify, mayAnnotate } = this.desk;
    return [...(mayVerify ? (["accept", "reject"] as const) : []), ...(mayAnnotate ? (["reclassify", "remove", "restore"] as const) : [])];
  }

  async survey(choice: Choice, ground: Ground): Promise<Survey> {
    const { workspace, session } = this.desk;
    const person = workspace.me.person_id;
    const position = session.store.position;
    if (ground === "set") return surveySet(workspace.image_set.number, choice, this.types, person, position);
    const { id, number, name } = workspace.image;
    const where = { ...whereOf(choice), ...(ground === "view" ? this.seen() : {}) };
    const rows = [...session.store.all()].map(([, row]) => row);
    return surveyOf(rows, choice, where, person, position, { image_id: id, image: { number, name } });
  }

  /** What the stage shows: on a volume of this plane, and of this slice. */
  private seen() {
    const { desk } = this;
    const bounds: Bounds = desk.stage?.seen() ?? [0, 0, 0, 0];
    const slice = desk.volumetric ? { frame: desk.frame.value, plane: desk.plane.value } : {};
    return { region: regionOf(bounds), ...slice };
  }

  hindrance(): string {
    const { unsent, state } = this.desk.session.status.value;
    if (state === "offline") return "The server does not answer just now. It can be done when the connection is back.";
    return unsent > 0 ? "Changes of yours are not saved yet; it can be done in a moment." : "";
  }

  carryOut(choice: Choice, { wishes, position }: Survey, told: (outcome: Outcome, done: number) => void, stopped: () => boolean): Promise<Outcome> {
    return carryOut(choice, wishes, position, { clock: systemClock, told, stopped });
  }

  ran(sentence: string, { commands }: Outcome): void {
    const errand = { commands };
    this.desk.session.ran(errand);
    this.desk.announcer.say(sentence);
    toast(sentence, "good", { label: "Undo", run: () => void this.desk.session.takeBack(errand) });
  }

  nameOf(person: string): string {
    return person === this.desk.workspace.me.person_id ? "You" : this.desk.nameOf(person);
  }

  show(left: readonly LeftAlone[]): boolean {
    const { store } = this.desk.session;
    this.desk.show(left.flatMap(({ annotation_id }) => store.keyOf(annotation_id) ?? []));
    return true;
  }
}
