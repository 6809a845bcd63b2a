/** A value that tells when it changes, and the controller by which a Lit element follows some of them. */

import type { ReactiveController, ReactiveControllerHost } from "lit";

export interface Followable {
  subscribe(listener: () => void): () => void;
}

export class Signal<T> implements Followable {
  private readonly listeners = new Set<() => void>();

  constructor(private current: T) {}

  get value(): T {
    return this.current;
  }

  set value(next: T) {
    if (Object.is(next, this.current)) return;
    this.current = next;
    for (const listener of [...this.listeners]) listener();
  }

  /** Tells everybody although the value is the same object. */
  touch(): void {
    for (const listener of [...this.listeners]) listener();
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

/** Asks the element to update whenever one of the sources changes, while it is connected. */
export class Follow implements ReactiveController {
  private undo: (() => void)[] = [];

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly sources: () => readonly Followable[],
  ) {
    host.addController(this);
  }

  hostConnected(): void {
    this.undo = this.sources().map((source) => source.subscribe(() => this.host.requestUpdate()));
  }

  hostDisconnected(): void {
    for (const undo of this.undo) undo();
    this.undo = [];
  }
}
