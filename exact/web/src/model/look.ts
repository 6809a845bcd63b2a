/** How an image is looked at: channels with colours and windows, one grey window, colour profile. The server's words (looks.py). */

/** The values shown as black and as white, or as the full colour. */
export type Window = readonly [number, number];

export interface ChannelLook {
  readonly channel: number;
  /** Six hexadecimal digits; null as the file says. */
  readonly colour: string | null;
  readonly window: Window | null;
}

export interface Look {
  /** Those that are on; null: those that the file shows by itself. */
  readonly channels: readonly ChannelLook[] | null;
  readonly window: Window | null;
  readonly profile: boolean;
}

/** A channel as the file describes it. */
export interface Channel {
  readonly name: string;
  readonly colour: string;
  readonly window: Window;
  readonly limits: Window;
  readonly shown: boolean;
}

/** A channel as somebody has set it, also while it is off. */
export interface ChannelState {
  readonly on: boolean;
  readonly colour: string;
  readonly window: Window;
}

export const PLAIN: Look = { channels: null, window: null, profile: false };
export const LOOK_PARAMETERS = ["channels", "window", "profile"] as const;

const CHANNEL = /^(\d{1,3})(?::([0-9a-f]{6})?)?(?::([^:]+):([^:]+))?$/i;

/** From the parameters of an address; what makes no sense is as the file says. */
export function lookFrom(query: URLSearchParams): Look {
  const channels = query.get("channels");
  const window = query.get("window")?.split(":") ?? [];
  return {
    channels: channels === null ? null : channelsFrom(channels),
    window: window.length === 2 ? windowFrom(window[0]!, window[1]!) : null,
    profile: query.get("profile") === "srgb",
  };
}

function channelsFrom(text: string): readonly ChannelLook[] | null {
  const found: ChannelLook[] = [];
  for (const part of text === "" ? [] : text.split(",")) {
    const match = CHANNEL.exec(part);
    const channel = Number(match?.[1] ?? -1);
    if (!match || found.some((one) => one.channel === channel)) return null;
    const window = match[3] === undefined ? null : windowFrom(match[3], match[4]!);
    found.push({ channel, colour: match[2]?.toLowerCase() ?? null, window });
  }
  return found.toSorted((one, other) => one.channel - other.channel);
}

function windowFrom(low: string, high: string): Window | null {
  const ends = [Number(low), Number(high)] as const;
  return low.trim() !== "" && high.trim() !== "" && ends.every(Number.isFinite) && ends[0] < ends[1] ? ends : null;
}

/** The inverse, always in the same form, so that the same look has the same addresses. */
export function parametersOf(look: Look): [string, string][] {
  const told: [string, string][] = [];
  if (look.channels) told.push(["channels", look.channels.map(textOf).join(",")]);
  if (look.window) told.push(["window", windowText(look.window)]);
  if (look.profile) told.push(["profile", "srgb"]);
  return told;
}

function textOf({ channel, colour, window }: ChannelLook): string {
  return `${channel}:${colour ?? ""}${window ? `:${windowText(window)}` : ""}`;
}

function windowText(window: Window): string {
  return window.map((end) => String(Number(end.toPrecision(10)))).join(":");
}

/** For the end of an address, with no sign before it. */
export function queryOf(look: Look): string {
  return parametersOf(look).map((pair) => pair.join("=")).join("&");
}

export function sameLook(one: Look, other: Look): boolean {
  return queryOf(one) === queryOf(other);
}

/** What the panel shows: each channel as the look sets it, else as the file says. */
export function statesFrom(channels: readonly Channel[], look: Look): ChannelState[] {
  return channels.map((channel, index) => {
    const chosen = look.channels?.find((one) => one.channel === index);
    return {
      on: look.channels ? chosen !== undefined : channel.shown,
      colour: chosen?.colour ?? channel.colour,
      window: chosen?.window ?? channel.window,
    };
  });
}

/** What has to be said of the channels so that they are shown in these states; null when the file says all of it. */
export function channelsOf(channels: readonly Channel[], states: readonly ChannelState[]): readonly ChannelLook[] | null {
  const asFile = channels.every((channel, index) => {
    const state = states[index]!;
    return state.on === channel.shown && (!state.on || (state.colour === channel.colour && sameWindow(state.window, channel.window)));
  });
  if (asFile) return null;
  return states.flatMap(({ on, colour, window }, index) => {
    const { colour: plain, window: usual } = channels[index]!;
    return on ? [{ channel: index, colour: colour === plain ? null : colour, window: sameWindow(window, usual) ? null : window }] : [];
  });
}

export function sameWindow(one: Window, other: Window): boolean {
  return one[0] === other[0] && one[1] === other[1];
}

export interface Preset {
  readonly name: string;
  readonly window: Window;
}

/** Windows of computed tomography in Hounsfield units, as radiologists name them. */
export const CT_PRESETS: readonly Preset[] = [
  { name: "Soft tissue", window: [-160, 240] },
  { name: "Lung", window: [-1350, 150] },
  { name: "Bone", window: [-500, 1500] },
  { name: "Brain", window: [0, 80] },
];

/** Values down to those of air and up to those of soft tissue are Hounsfield units; others have no presets. */
export function presetsFor(limits: Window | null): readonly Preset[] {
  return limits && limits[0] <= -500 && limits[1] >= 100 ? CT_PRESETS : [];
}

/** Inside of the limits, the smaller one first, and never empty. */
export function within([low, high]: Window, limits: Window): Window {
  const step = stepOf(limits);
  const least = Math.min(Math.max(Math.min(low, high), limits[0]), limits[1] - step);
  return [least, Math.min(Math.max(Math.max(low, high), least + step), limits[1])];
}

/** The smaller one first, at least a step apart. The usual windows reach beyond the values of many a file, and may. */
export function ordered([one, other]: Window, step: number): Window {
  const low = Math.min(one, other);
  return [low, Math.max(one, other, low + step)];
}

/** How far one press of an arrow key goes: whole numbers where there are enough of them, else a thousandth of the range. */
export function stepOf([low, high]: Window): number {
  const range = high - low;
  if (Number.isInteger(low) && Number.isInteger(high) && range >= 50) return Math.max(1, 10 ** Math.floor(Math.log10(range / 1000)));
  return range / 1000 || 1;
}
