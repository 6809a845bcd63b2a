/** Whether the server can be reached: one state for all pages, asked again every few seconds while it cannot. */

let online = true;
let timer: ReturnType<typeof setInterval> | undefined;
const AGAIN_MS = 4000;

export const isOnline = (): boolean => online;

function say(now: boolean): void {
  if (now === online) return;
  online = now;
  window.dispatchEvent(new CustomEvent("exact-connection", { detail: now }));
}

export function reached(): void {
  clearInterval(timer);
  timer = undefined;
  say(true);
}

export function unreachable(): void {
  say(false);
  timer ??= setInterval(() => void knock(), AGAIN_MS);
}

/** Any answer at all, a refusal too, means that the server is there again. */
export async function knock(): Promise<void> {
  try {
    await fetch("/api/v1/me/", { cache: "no-store", credentials: "same-origin" });
    reached();
  } catch {
    say(false); // still away: the timer asks again
  }
}
