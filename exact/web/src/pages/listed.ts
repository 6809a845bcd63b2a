/** An element that shows a list it fetches: the rows, nothing yet, or why there are none. */

import type { PropertyDeclarations } from "lit";
import { PageElement } from "./element";
import * as rest from "./rest";

export abstract class Listed<Row> extends PageElement {
  static override properties: PropertyDeclarations = { rows: { state: true }, problem: { state: true } };
  /** Null until the first answer. */
  declare protected rows: Row[] | null;
  /** Why the last question failed; the rows of the one before stay. */
  declare protected problem: string;

  constructor() {
    super();
    this.rows = null;
    this.problem = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("exact-undone", this.again);
    void this.load();
  }

  override disconnectedCallback(): void {
    window.removeEventListener("exact-undone", this.again);
    super.disconnectedCallback();
  }

  /** A step was taken back: whatever is listed may be another now. */
  private readonly again = (): void => void this.load();

  /** Ask the server. */
  protected abstract ask(): Promise<Row[]>;

  protected async load(): Promise<void> {
    try {
      this.rows = await this.ask();
      this.problem = "";
    } catch (error) {
      this.problem = rest.sentence(error);
    }
  }
}
