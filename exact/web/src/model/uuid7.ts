/** UUID version 7 (RFC 9562): unique, and in the order of making, also within one millisecond. */

let lastMs = 0;
let counter = 0;

function tick(now: number): void {
  if (now > lastMs) {
    lastMs = now;
    counter = 0;
  } else if (++counter > 0xfff) {
    lastMs += 1;
    counter = 0;
  }
}

export function uuid7(now: number = Date.now()): string {
  tick(now);
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let rest = lastMs;
  for (let i = 5; i >= 0; i--, rest = Math.floor(rest / 256)) bytes[i] = rest % 256;
  bytes[6] = 0x70 | (counter >> 8);
  bytes[7] = counter & 0xff;
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
