/** The live connection of an image set's page: it tells how far imports are, and whether it can tell. */

import { type Clock, systemClock } from "../live/clock";
import { Connection, type LiveState, type Socket } from "../live/connection";
import type { ImportNews } from "../live/protocol";
import { Signal } from "../state/signal";

export class SetLive {
  readonly state: Signal<LiveState>;
  /** The newest of what was told. */
  readonly news = new Signal<ImportNews | null>(null);
  private readonly connection: Connection;
  private position = 0;

  constructor(open: () => Socket, clock: Clock = systemClock) {
    this.connection = new Connection({
      open,
      clock,
      position: () => this.position,
      receive: (_, upTo) => (this.position = Math.max(this.position, upTo)),
      reload: async (position) => void (this.position = position),
      news: (news) => (this.news.value = news),
    });
    this.state = this.connection.state;
  }

  start(): void {
    this.connection.start();
  }

  stop(): void {
    this.connection.stop();
    this.state.value = "offline";
  }

  /** The network may be back. */
  wake(): void {
    this.connection.wake();
  }
}

export function setAddress(number: number): string {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  return `${scheme}://${location.host}/ws/image_sets/${number}/`;
}
