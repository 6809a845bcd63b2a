/** Files and folders dragged over the window: one listener that knows when they come, leave and fall. */

import { ofDrop, type Picked } from "./picked";

export class FileDrop {
  /** dragenter comes for a child before dragleave of its parent, so depth is counted. */
  private depth = 0;

  constructor(
    private readonly dropped: (files: Picked[]) => void,
    private readonly hovering: (over: boolean) => void,
  ) {}

  listen(): void {
    window.addEventListener("dragenter", this.enter);
    window.addEventListener("dragleave", this.leave);
    window.addEventListener("dragover", this.hover);
    window.addEventListener("drop", this.fall);
  }

  deaf(): void {
    window.removeEventListener("dragenter", this.enter);
    window.removeEventListener("dragleave", this.leave);
    window.removeEventListener("dragover", this.hover);
    window.removeEventListener("drop", this.fall);
  }

  private carries(event: DragEvent): boolean {
    return event.dataTransfer?.types.includes("Files") ?? false;
  }

  private readonly enter = (event: DragEvent): void => {
    if (!this.carries(event)) return;
    this.depth += 1;
    this.hovering(true);
  };

  private readonly leave = (event: DragEvent): void => {
    if (!this.carries(event)) return;
    this.depth = Math.max(0, this.depth - 1);
    if (this.depth === 0) this.hovering(false);
  };

  private readonly hover = (event: DragEvent): void => {
    if (this.carries(event)) event.preventDefault();
  };

  private readonly fall = (event: DragEvent): void => {
    if (!this.carries(event)) return;
    event.preventDefault();
    this.depth = 0;
    this.hovering(false);
    if (event.dataTransfer) void ofDrop(event.dataTransfer).then((picked) => this.dropped(picked));
  };
}
