import { colourOf, inkOn } from "../../design/avatar";
import { describe, expect, it } from "vitest";
import { ago, bytes, counted, duration, initials, instant, percent, pixels, pixelSize } from "../../design/format";

describe("sizes", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1024, "1.0 kB"],
    [1_938_955, "1.8 MB"],
    [102_400, "100 kB"],
    [3 * 2 ** 30, "3.0 GB"],
  ])("%i bytes are %s", (n, words) => expect(bytes(n)).toBe(words));

  it("shows pixels with thousands", () => expect(pixels(46000, 32914)).toBe("46,000 × 32,914 px"));

  it("shows one pixel size when both agree, both when not, and none when unknown", () => {
    expect(pixelSize([0.499, 0.499])).toBe("0.499 µm/px");
    expect(pixelSize([0.4990001, 0.499])).toBe("0.499 µm/px");
    expect(pixelSize([0.25, 0.5])).toBe("0.25 × 0.5 µm/px");
    expect(pixelSize([976.5625, 1200])).toBe("0.977 × 1.2 mm/px");
    expect(pixelSize([null, null])).toBeNull();
    expect(pixelSize([])).toBeNull();
  });
});

describe("times", () => {
  const now = Date.UTC(2026, 0, 15, 12);
  it.each([
    ["2026-01-15T11:59:40Z", "just now"],
    ["2026-01-15T11:58:00Z", "2 min. ago"],
    ["2026-01-15T09:00:00Z", "3 hr. ago"],
    ["2026-01-14T12:00:00Z", "yesterday"],
    ["2025-11-02T12:00:00Z", "Nov 2, 2025"],
  ])("%s is %s", (time, words) => expect(ago(time, now)).toBe(words));

  it("takes a time without an offset as UTC", () => expect(instant("2026-01-15T12:00:00").getTime()).toBe(now));

  it.each([
    [0.4, "0 s"],
    [59, "59 s"],
    [61, "1 min"],
    [3600, "1 h"],
    [4800, "1 h 20 min"],
  ])("%d seconds are %s", (seconds, words) => expect(duration(seconds)).toBe(words));
});

describe("counts and names", () => {
  it("knows one from many", () =>
    expect([counted(1, "image"), counted(2, "image"), counted(1200, "person", "people")]).toEqual([
      "1 image",
      "2 images",
      "1,200 people",
    ]));

  it("says 100 % only when nothing is left", () => {
    expect(percent(999, 1000)).toBe("99 %");
    expect(percent(0, 0)).toBe("0 %");
  });

  it("gives a person the server's colour, and letters that are read on it", () => {
    expect(colourOf("01920000-0000-7000-8000-00000000000c")).toBe("#0072b2");
    expect(colourOf("01920000-0000-7000-8000-000000000003")).toBe("#f0e442");
    expect([inkOn("#0072b2"), inkOn("#f0e442"), inkOn("#56b4e9")]).toEqual(["#ffffff", "#0b151b", "#0b151b"]);
  });

  it("takes the first and the last name's letter", () => {
    expect(initials("Ada Lovelace")).toBe("AL");
    expect(initials("Ada King Lovelace")).toBe("AL");
    expect(initials("c.okoro")).toBe("CO");
    expect(initials("")).toBe("?");
  });
});
