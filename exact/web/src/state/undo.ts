/** What can be undone and redone: pairs of compensating changes, newest last. */

import type { Annotation } from "../model/annotation";
import type { Change } from "../model/commands";
import { Signal } from "./signal";

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

const DEPTH = 200;

export class UndoStack {
  readonly changed = new Signal(0);
  private past: Step[] = [];
  private future: Step[] = [];

  get canUndo(): boolean {
    return this.past.length > 0;
  }

  get canRedo(): boolean {
    return this.future.length > 0;
  }

  /** A new deed: what was undone before can no longer be redone. */
  push(step: Step): void {
    this.past = [...this.past.slice(-DEPTH + 1), step];
    this.future = [];
    this.changed.value += 1;
  }

  takeUndo(): Step | undefined {
    const step = this.past.pop();
    this.changed.value += 1;
    return step;
  }

  takeRedo(): Step | undefined {
    const step = this.future.pop();
    this.changed.value += 1;
    return step;
  }

  undone(step: Step): void {
    this.future.push(step);
    this.changed.value += 1;
  }

  redone(step: Step): void {
    this.past.push(step);
    this.changed.value += 1;
  }
}
