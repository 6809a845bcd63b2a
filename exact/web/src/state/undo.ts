/** What can be undone and redone, newest last: one change, a deed on many annotations, or what the server did by itself. */

import type { Annotation } from "../model/annotation";
import type { Change } from "../model/commands";
import { Signal } from "./signal";

/** One change of one annotation. */
export interface Step {
  readonly key: string;
  /** Done by the person; `undo` compensates it. */
  readonly done: Change;
  readonly undo: Change;
  /** The row before `done`; to draw it again when the server never saw it. */
  readonly before: Annotation | null;
  /** The row after `done`. */
  readonly after: Annotation | null;
}

/** Many changes that were made, and are undone, as one. */
export interface Deed {
  readonly steps: readonly Step[];
  /** Correlation ids: of the deed, of what took it back, of what took that back; empty when the server has none of it. */
  readonly ids: readonly string[];
}

/** Commands that the server carried out on annotations it chose itself; each is taken back by its id. */
export interface Errand {
  readonly commands: readonly string[];
}

export type Undoable = Step | Deed | Errand;

const DEPTH = 200;

export class UndoStack {
  readonly changed = new Signal(0);
  private past: Undoable[] = [];
  private future: Undoable[] = [];

  get canUndo(): boolean {
    return this.past.length > 0;
  }

  get canRedo(): boolean {
    return this.future.length > 0;
  }

  /** Something new: what was undone before can no longer be redone. */
  push(what: Undoable): void {
    this.past = [...this.past.slice(-DEPTH + 1), what];
    this.future = [];
    this.changed.value += 1;
  }

  takeUndo(): Undoable | undefined {
    const what = this.past.pop();
    this.changed.value += 1;
    return what;
  }

  takeRedo(): Undoable | undefined {
    const what = this.future.pop();
    this.changed.value += 1;
    return what;
  }

  undone(what: Undoable): void {
    this.future.push(what);
    this.changed.value += 1;
  }

  redone(what: Undoable): void {
    this.past.push(what);
    this.changed.value += 1;
  }

  /** It is undone out of its turn; false when it is not there to be undone. */
  drop(what: Undoable): boolean {
    const there = this.past.includes(what);
    this.past = this.past.filter((one) => one !== what);
    this.changed.value += 1;
    return there;
  }

  /** Of a deed these annotations were never changed. */
  fell(id: string, keys: ReadonlySet<string>): void {
    const rest = (what: Undoable): readonly Undoable[] => {
      if (!("steps" in what) || !what.ids.includes(id)) return [what];
      const steps = what.steps.filter((step) => !keys.has(step.key));
      return steps.length > 0 ? [{ ...what, steps }] : [];
    };
    this.past = this.past.flatMap(rest);
    this.future = this.future.flatMap(rest);
    this.changed.value += 1;
  }
}
