/** How this image is looked at, kept for it in this browser: an address that says it goes before. */

import type { TileInfo } from "../api/viewer";
import {
  type Channel, type ChannelState, type Look, PLAIN, type Window, channelsOf, lookFrom, queryOf, sameLook, ordered, statesFrom, stepOf, within,
} from "../model/look";
import { Signal } from "../state/signal";

const KEY = "exact-look:";
/** So many images' looks are kept; the oldest go. */
const MOST = 200;

export class Looks {
  readonly look = new Signal<Look>(PLAIN);
  /** Each channel as it is set, also those that are off; the look says only those that are on. */
  readonly channels = new Signal<readonly ChannelState[]>([]);
  private told: Pick<TileInfo, "channels" | "window" | "window_limits" | "has_profile"> | null = null;

  constructor(private readonly imageId: string, private readonly kept: Storage) {}

  /** What the file offers; then the look of the address, else the one that was kept. */
  start(told: NonNullable<Looks["told"]>, search: string): void {
    this.told = told;
    const asked = this.possible(lookFrom(new URLSearchParams(search)));
    const before = this.possible(lookFrom(new URLSearchParams(this.kept.getItem(KEY + this.imageId) ?? "")));
    this.take(sameLook(asked, PLAIN) ? before : asked);
  }

  get offered(): readonly Channel[] {
    return this.told?.channels ?? [];
  }

  /** Limits of the one window of a grey image; null where there is none to choose. */
  get limits(): Window | null {
    return this.told?.window_limits ?? null;
  }

  get window(): Window | null {
    return this.look.value.window ?? this.told?.window ?? null;
  }

  get hasProfile(): boolean {
    return this.told?.has_profile ?? false;
  }

  /** Whether there is anything to choose. */
  get any(): boolean {
    return this.offered.length > 0 || this.limits !== null || this.hasProfile;
  }

  setChannel(index: number, change: Partial<ChannelState>): void {
    this.setChannels(this.channels.value.map((state, at) => (at === index ? { ...state, ...change } : state)));
  }

  setChannels(states: readonly ChannelState[]): void {
    const fitting = states.map((state, index) => ({ ...state, window: within(state.window, this.offered[index]!.limits) }));
    this.channels.value = fitting;
    this.keep({ ...this.look.value, channels: channelsOf(this.offered, fitting) });
  }

  /** null: as the file says. */
  setWindow(window: Window | null): void {
    if (this.limits) this.keep({ ...this.look.value, window: window && ordered(window, stepOf(this.limits)) });
  }

  setProfile(profile: boolean): void {
    this.keep({ ...this.look.value, profile });
  }

  reset(): void {
    this.take(PLAIN);
    this.keep(PLAIN);
  }

  private take(look: Look): void {
    this.channels.value = statesFrom(this.offered, look);
    if (!sameLook(look, this.look.value)) this.look.value = look;
  }

  private keep(look: Look): void {
    if (!sameLook(look, this.look.value)) this.look.value = look;
    const text = queryOf(look);
    this.kept.removeItem(KEY + this.imageId);
    if (text === "") return;
    this.makeRoom();
    try {
      this.kept.setItem(KEY + this.imageId, text);
    } catch (problem) {
      // A full or forbidden storage: the look holds until the page is left.
      if (!(problem instanceof DOMException)) throw problem;
    }
  }

  private makeRoom(): void {
    const looks = Object.keys(this.kept).filter((key) => key.startsWith(KEY));
    for (const key of looks.slice(0, Math.max(0, looks.length - MOST + 1))) this.kept.removeItem(key);
  }

  /** Only what this image has: an address from another one must not break this one's tiles. */
  private possible({ channels, window, profile }: Look): Look {
    const there = channels?.every(({ channel }) => channel < this.offered.length) && this.offered.length > 0;
    return {
      channels: there ? channels : null,
      window: this.limits && window,
      profile: profile && this.hasProfile,
    };
  }
}
