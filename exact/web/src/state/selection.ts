/** Which annotations are selected; the last one is the one the inspector shows. */

import { Signal } from "./signal";

export class Selection extends Signal<readonly string[]> {
  constructor() {
    super([]);
  }

  /** The one that is edited and inspected; null when nothing or much is selected. */
  get only(): string | null {
    return this.value.length === 1 ? this.value[0]! : null;
  }

  has(key: string): boolean {
    return this.value.includes(key);
  }

  set(keys: readonly string[]): void {
    const same = keys.length === this.value.length && keys.every((key, index) => key === this.value[index]);
    if (!same) this.value = keys;
  }

  toggle(key: string): void {
    this.value = this.has(key) ? this.value.filter((one) => one !== key) : [...this.value, key];
  }

  drop(gone: (key: string) => boolean): void {
    if (this.value.some(gone)) this.value = this.value.filter((key) => !gone(key));
  }
}
