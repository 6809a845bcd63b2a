/** Time and chance, so that tests can hold both still. */

export interface Clock {
  now(): number;
  after(ms: number, action: () => void): () => void;
  random(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, action) {
    const timer = setTimeout(action, ms);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};

/** How long to wait before try number `attempt` (from 0): doubling up to `most` ms, with jitter of a half. */
export function backoff(attempt: number, clock: Clock, first = 500, most = 30_000): number {
  const full = Math.min(most, first * 2 ** Math.min(attempt, 16));
  return Math.round(full * (0.5 + clock.random() / 2));
}
