/** The shelf: unconfirmed changes as the screen shows them and as the browser keeps them, always both at once. */

import type { AnnotationStore } from "../state/annotations";
import type { Entry } from "../state/entries";
import { Signal } from "../state/signal";
import type { OutboxStorage } from "./storage";

export class Shelf {
  /** Entries in the order in which they were made. */
  readonly entries = new Signal<readonly Entry[]>([]);
  /** False when the browser could not keep a change. */
  readonly durable: Signal<boolean>;

  constructor(private readonly store: AnnotationStore, private readonly storage: OutboxStorage) {
    this.durable = new Signal(storage.durable);
  }

  get all(): readonly Entry[] {
    return this.entries.value;
  }

  add(entries: readonly Entry[]): void {
    void this.keep(entries);
    this.show([...this.all, ...entries], entries);
  }

  /** What another page left behind takes its place by age. */
  async take(entries: readonly Entry[]): Promise<void> {
    await this.keep(entries);
    this.show([...entries, ...this.all].sort((a, b) => (a.id < b.id ? -1 : 1)), entries);
  }

  /** They changed in a way that only the screen has to know. */
  changed(entries: readonly Entry[]): void {
    this.show([...this.all], entries);
  }

  /** They changed in a way that has to survive the page. */
  rewrite(entries: readonly Entry[]): void {
    void this.keep(entries);
    this.changed(entries);
  }

  drop(entries: readonly Entry[]): void {
    this.forget(entries);
    this.hide(entries);
  }

  /** The browser need not keep them any more; they are still shown. */
  forget(entries: readonly Entry[]): void {
    void this.storage.delete(...entries);
  }

  /** They are shown no more. */
  hide(entries: readonly Entry[]): void {
    const ids = new Set(entries.map((entry) => entry.id));
    this.show(this.all.filter((entry) => !ids.has(entry.id)), entries);
  }

  async keep(entries: readonly Entry[]): Promise<void> {
    if (entries.length === 0) return;
    try {
      await this.storage.put(...entries);
    } catch (problem) {
      console.warn("This browser could not keep an unsent change:", problem);
      this.durable.value = false;
    }
  }

  /** The store draws the overlays from the entries; both change together. */
  private show(entries: readonly Entry[], touched: readonly Entry[]): void {
    this.store.setEntries(entries, new Set(touched.map((entry) => entry.key)));
    this.entries.value = entries;
  }
}
