/** Following imports that are under way: by the socket of the set while it lives, by asking while it does not. */

import { type Clock, systemClock } from "../live/clock";
import type { ImportNews } from "../live/protocol";
import { pause_ms } from "./export-dialog";
import type { SetLive } from "./set-live";

/** What the socket tells is not told again: after so long a silence the server is asked once. */
const SILENCE_MS = 10_000;

export interface Watched {
  /** Is there something to wait for? */
  readonly going: () => boolean;
  /** Takes what was told; false when the server has to be asked for the rest. */
  readonly heard: (news: ImportNews) => boolean;
  /** Asks the server; false when it did not answer, and has to be asked again. */
  readonly ask: () => Promise<boolean>;
}

export class ImportWatch {
  private leave: (() => void)[] = [];
  private cancel: (() => void) | null = null;
  private turn = 0;
  private asking = false;
  private onceMore = false;
  private failed = false;

  constructor(
    private readonly live: SetLive,
    private readonly watched: Watched,
    private readonly clock: Clock = systemClock,
  ) {}

  start(): void {
    this.stop();
    this.leave = [this.live.news.subscribe(() => this.told()), this.live.state.subscribe(() => this.connected())];
    this.wait();
  }

  stop(): void {
    this.cancel?.();
    for (const leave of this.leave) leave();
    this.leave = [];
  }

  /** Something was begun here: it is waited for from now on. */
  again(): void {
    this.turn = 0;
    this.wait();
  }

  /** Something may have been missed. */
  now(): void {
    void this.ask();
  }

  private told(): void {
    const news = this.live.news.value;
    if (!news) return;
    if (this.watched.heard(news)) this.wait();
    else void this.ask();
  }

  /** What was told while the socket was away is asked for. */
  private connected(): void {
    this.turn = 0;
    if (this.live.state.value === "live" && this.watched.going()) void this.ask();
    else this.wait();
  }

  private wait(): void {
    this.cancel?.();
    this.cancel = null;
    if (this.leave.length === 0 || !(this.failed || this.watched.going())) return;
    const pause = this.live.state.value === "live" && !this.failed ? SILENCE_MS : pause_ms(this.turn++);
    this.cancel = this.clock.after(pause, () => void this.ask());
  }

  /** An answer that is on its way may be older than what was told meanwhile: then it is asked once more. */
  private async ask(): Promise<void> {
    this.onceMore = this.asking;
    if (this.asking) return;
    this.asking = true;
    this.failed = !(await this.watched.ask());
    this.asking = false;
    if (this.onceMore) await this.ask();
    else this.wait();
  }
}
