/** At most one call in `ms`: the first at once, the last never lost. */

import type { Clock } from "./clock";

export function throttled<T>(ms: number, clock: Clock, action: (value: T) => void): (value: T) => void {
  let last = -Infinity;
  let waiting: { value: T } | null = null;
  const run = (value: T): void => {
    last = clock.now();
    waiting = null;
    action(value);
  };
  return (value) => {
    if (waiting) {
      waiting.value = value;
    } else if (clock.now() - last >= ms) {
      run(value);
    } else {
      waiting = { value };
      clock.after(ms - (clock.now() - last), () => waiting && run(waiting.value));
    }
  };
}
