/** Tiles of the frames beside the shown one, fetched into the browser's cache while nothing else is to do. */

/** So many tiles ahead at most: two screens of a large window. */
const MOST = 60;
const AT_ONCE = 2;

export class Prefetch {
  private running: AbortController | null = null;

  /** Fetches these one after the other; what was asked for before is given up. */
  async fetch(urls: readonly string[]): Promise<void> {
    this.stop();
    const { signal } = (this.running = new AbortController());
    const left = urls.slice(0, MOST);
    const one = async (): Promise<void> => {
      for (let url = left.shift(); url !== undefined && !signal.aborted; url = left.shift()) {
        const init: RequestInit & { priority: string } = { signal, priority: "low", credentials: "same-origin" };
        // Not fetched ahead is no trouble: it is fetched when it is shown.
        await fetch(url, init).then((answer) => answer.arrayBuffer()).catch(() => left.splice(0));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
  }

  stop(): void {
    this.running?.abort();
    this.running = null;
  }
}
