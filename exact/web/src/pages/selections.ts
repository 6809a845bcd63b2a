/** Set-wide wishes from the page of an image set. */

import { toast } from "../design";
import { systemClock } from "../live/clock";
import { carryOut, takeBack } from "../live/selections";
import { surveySet } from "../live/surveys";
import type { Act, Choice, Kind, Outcome, Survey } from "../model/selections";
import { type Scene, selectionDialog } from "../panels/selection-dialog";
import { isOnline } from "./connection";
import * as rest from "./rest";
import { may } from "./rights";
import type { ImageSet, Me } from "./shapes";

class SetScene implements Scene {
  readonly grounds = [{ value: "set", title: "This image set" }] as const;

  constructor(
    private readonly set: ImageSet,
    readonly types: readonly Kind[],
    readonly acts: readonly Act[],
    private readonly person: string,
    private readonly names: ReadonlyMap<string, string>,
    private readonly changed: (position: number) => void,
  ) {}

  survey(choice: Choice): Promise<Survey> {
    return surveySet(this.set.id, choice, this.types, this.person).catch((problem: unknown) => {
      throw rest.ownRefusal(rest.sentence(problem));
    });
  }

  hindrance(): string {
    return isOnline() ? "" : "The server does not answer just now. It can be done when the connection is back.";
  }

  carryOut(choice: Choice, { wishes, position }: Survey, told: (outcome: Outcome, done: number) => void, stopped: () => boolean): Promise<Outcome> {
    return carryOut(choice, wishes, position, { clock: systemClock, told, stopped });
  }

  ran(sentence: string, { commands, position }: Outcome): void {
    this.changed(position);
    toast(sentence, "good", { label: "Undo", run: () => void this.undo(commands) });
  }

  nameOf(person: string): string {
    return person === this.person ? "You" : (this.names.get(person) ?? "Somebody");
  }

  show(): boolean {
    return false;
  }

  private async undo(commands: readonly string[]): Promise<void> {
    try {
      const { text, position } = await takeBack(commands, { clock: systemClock, nameOf: (person) => this.nameOf(person) });
      toast(text, "good");
      this.changed(position);
    } catch (problem) {
      toast(`Not undone. ${rest.sentence(problem)}`, "bad", { label: "Try again", run: () => void this.undo(commands) });
    }
  }
}

/** What the person may do to all annotations of a set. */
export function actsOf(me: Me, team: number): readonly Act[] {
  const judging = may(me, team, "verify") ? (["accept", "reject"] as const) : [];
  return [...judging, ...(may(me, team, "annotate") ? (["reclassify", "remove", "restore"] as const) : [])];
}

/** Opens the dialog; `changed` hears the position that the counts have to hold. */
export async function forAllOf(set: ImageSet, me: Me, act: Act, changed: (position: number) => void): Promise<void> {
  try {
    const [products, members] = await Promise.all([rest.products(set.team), rest.memberships(set.team)]);
    const types = products.filter(({ id }) => set.product_set.includes(id)).flatMap((product) => product.annotationtype_set);
    const kinds = types.map(({ id, uuid, name, color_code, vector_type }) => ({ id: uuid, number: id, name, color_code, vector_type }));
    const names = new Map(members.map(({ user }) => [user.person_id, user.name]));
    selectionDialog(new SetScene(set, kinds, actsOf(me, set.team), me.person_id, names, changed), { act });
  } catch (problem) {
    toast(rest.sentence(problem), "bad");
  }
}
