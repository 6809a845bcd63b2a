/** The live protocol, version 1: every message that goes over the socket. Coordinates are 1/100 pixel. */

import type { Fact } from "../model/facts";

export const PROTOCOL = 1;

export interface Presence {
  readonly session: string;
  readonly person_id: string;
  readonly name: string;
  readonly colour: string;
  readonly cursor: readonly [number, number] | null;
  readonly viewport: readonly [number, number, number, number] | null;
  readonly frame: number | null;
  readonly plane: number;
  readonly selection: readonly string[];
}

/** What a person lets the others see of the own work. */
export type Attention = Pick<Presence, "cursor" | "viewport" | "frame" | "plane" | "selection">;

export type FromClient =
  | { readonly type: "hello"; readonly protocol: number; readonly after: number }
  | ({ readonly type: "presence" } & Attention)
  | { readonly type: "ping" };

/** At an image set: how far an import into it is; `progress` goes from 0 to 1. */
export interface ImportNews {
  readonly id: string;
  readonly state: string;
  readonly progress: number;
  readonly rows_seen: number;
  readonly rows_good: number;
  readonly rows_bad: number;
  readonly rows_done: number;
}

export type FromServer =
  | ({ readonly type: "import" } & ImportNews)
  | {
      readonly type: "welcome";
      readonly protocol: number;
      readonly session: string;
      readonly position: number;
      readonly people: readonly Presence[];
    }
  | { readonly type: "facts"; readonly position: number; readonly facts: readonly Fact[] }
  | { readonly type: "presence"; readonly person: Presence }
  | { readonly type: "left"; readonly session: string }
  | { readonly type: "heartbeat"; readonly position: number }
  | { readonly type: "reset"; readonly position: number }
  | { readonly type: "refused"; readonly code: string; readonly detail: string };

/** Why the server closed for good; any other code means: try again. */
export const CLOSED_FOR_GOOD: Record<number, { readonly code: string; readonly detail: string }> = {
  4401: { code: "not_signed_in", detail: "You are signed out. Sign in again to go on; your changes are kept in this browser." },
  4403: { code: "forbidden", detail: "Your access to this image was withdrawn." },
  4404: { code: "not_found", detail: "This image is not there any more." },
  4406: { code: "protocol", detail: "EXACT was updated. Reload the page to go on; your changes are kept in this browser." },
};
