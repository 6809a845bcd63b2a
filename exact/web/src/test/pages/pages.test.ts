import { describe, expect, it } from "vitest";
import { byDay, deed, grouped, joined } from "../../pages/deeds";
import { mayTakeBack, takenBackIn } from "../../pages/undo";
import { byType, figures, stage } from "../../pages/figures";
import { slug } from "../../pages/freeze-dialog";
import { listed, rowsByImage } from "../../pages/image-list";
import { neighbour } from "../../pages/keyboard";
import { expiry } from "../../pages/account-tokens";
import { given } from "../../pages/people";
import { pause_ms } from "../../pages/export-dialog";
import { route, urls } from "../../pages/routes";
import type { Activity, Image, ImageProgress } from "../../pages/shapes";
import { freeColour, PALETTE } from "../../pages/vectors";

const row = (
  image: number,
  open: number,
  accepted: number,
  rejected: number,
  types = [{ annotation_type: 1, name: "Mitosis", count: open + accepted + rejected }],
): ImageProgress => ({
  image,
  name: `${image}`,
  annotated: open + accepted + rejected,
  open,
  accepted,
  rejected,
  types,
});
const image = (id: number, name: string, width = 100): Image =>
  ({ id, name, filename: `${name}.svs`, width, height: 100 }) as Image;

describe("addresses", () => {
  it("means the page that the address was made for", () => {
    expect(route(urls.home)).toEqual({ page: "home" });
    expect(route(urls.team(3))).toEqual({ page: "team", number: 3 });
    expect(route(urls.imageSet(12))).toEqual({ page: "image-set", number: 12 });
    expect(route(urls.account)).toEqual({ page: "account" });
    expect(route(urls.people)).toEqual({ page: "people" });
  });

  it.each(["/teams/", "/teams/x/", "/images/imageset/1/2/", "/teamsx/1/"])("%s is no page", (path) =>
    expect(route(path)).toEqual({ page: "unknown" }),
  );

  it("comes back after signing in, with the whole query", () => {
    expect(urls.signIn("/annotations/3/?frame=2&plane=1")).toBe(
      "/sign-in/?next=%2Fannotations%2F3%2F%3Fframe%3D2%26plane%3D1",
    );
  });
});

describe("figures", () => {
  it("calls an image verified when it has annotations and none is open", () => {
    expect([stage(undefined), stage(row(1, 0, 0, 0)), stage(row(1, 1, 5, 0)), stage(row(1, 0, 5, 1))]).toEqual([
      "untouched",
      "untouched",
      "open",
      "verified",
    ]);
  });

  it("adds up a set", () => {
    expect(figures(4, [row(1, 0, 2, 1), row(2, 3, 1, 0), row(3, 0, 0, 0)])).toEqual({
      images: 4,
      annotated: 2,
      verified: 1,
      annotations: 7,
      accepted: 3,
      rejected: 1,
      open: 3,
    });
  });

  it("counts types over images, the most frequent first", () => {
    const a = { annotation_type: 1, name: "A", count: 2 };
    const b = { annotation_type: 2, name: "B", count: 5 };
    expect(byType([row(1, 1, 0, 0, [a]), row(2, 1, 0, 0, [a, b])])).toEqual([b, { ...a, count: 4 }]);
  });
});

describe("the list of images", () => {
  const images = [image(1, "slide 10", 10), image(2, "slide 2", 30), image(3, "Other", 20)];
  const rows = rowsByImage([row(1, 4, 0, 0), row(2, 0, 9, 0)]);
  const ids = (...args: Parameters<typeof listed>) => listed(...args).map(({ id }) => id);

  it("orders names as people count", () => expect(ids(images, rows, "", "all", "name")).toEqual([3, 2, 1]));
  it("finds words in name and file name", () => expect(ids(images, rows, "SLIDE", "all", "name")).toEqual([2, 1]));
  it("filters by stage", () => {
    expect(ids(images, rows, "", "open", "name")).toEqual([1]);
    expect(ids(images, rows, "", "verified", "name")).toEqual([2]);
    expect(ids(images, rows, "", "untouched", "name")).toEqual([3]);
  });
  it("orders by size, age and work", () => {
    expect(ids(images, rows, "", "all", "size")).toEqual([2, 3, 1]);
    expect(ids(images, rows, "", "all", "newest")).toEqual([3, 2, 1]);
    expect(ids(images, rows, "", "all", "open")).toEqual([1, 3, 2]);
    expect(ids(images, rows, "", "all", "annotations")).toEqual([2, 1, 3]);
  });
  it("leaves the given array as it was", () => expect(images.map(({ id }) => id)).toEqual([1, 2, 3]));
});

describe("the small rules", () => {
  it("walks a grid with the arrows and stops at its edges", () => {
    expect(neighbour("ArrowDown", 1, 7, 3)).toBe(4);
    expect(neighbour("ArrowDown", 5, 7, 3)).toBeNull();
    expect(neighbour("ArrowLeft", 0, 7, 3)).toBeNull();
    expect(neighbour("End", 0, 7, 3)).toBe(6);
    expect(neighbour("x", 0, 7, 3)).toBeNull();
  });

  it("gives a new type the first colour that is free, and never none", () => {
    expect(freeColour([])).toBe(PALETTE[0]?.code);
    expect(freeColour([PALETTE[0]?.code.toUpperCase() ?? ""])).toBe(PALETTE[1]?.code);
    expect(freeColour(PALETTE.map(({ code }) => code))).toMatch(/^#[0-9a-f]{6}$/);
  });

  it("proposes a name that a command line takes", () => {
    expect(slug("Canine mammary carcinoma, mitoses!")).toBe("canine-mammary-carcinoma-mitoses");
    expect(slug("…")).toBe("dataset");
  });

  it("says who did something once, and without a full stop in a list", () => {
    expect(deed({ by_name: "Ada", summary: "Ada drew an annotation on slide.svs." })).toBe(
      "drew an annotation on slide.svs",
    );
    expect(deed({ by_name: "somebody", summary: "froze a version" })).toBe("froze a version");
  });

  it("makes one line of the same deed in a row", () => {
    const did = (by: string, summary: string) => ({ by, summary, position: 1, at: "2026-01-01T12:00:00Z" }) as Activity;
    const groups = grouped([did("a", "drew"), did("a", "drew"), did("b", "drew"), did("a", "drew")]);
    expect(groups.map(({ entry, times }) => [entry.by, times])).toEqual([
      ["a", 2],
      ["b", 1],
      ["a", 1],
    ]);
  });

  it("joins the newest page with what is known, and begins anew where they do not meet", () => {
    const at = (...positions: number[]) => positions.map((position) => ({ position }) as Activity);
    expect(joined(at(9, 7, 5, 3), at(12, 9, 7)).map(({ position }) => position)).toEqual([12, 9, 7, 5, 3]);
    expect(joined(at(9, 7), at(40, 30)).map(({ position }) => position)).toEqual([40, 30]);
    expect(joined([], at(2, 1)).map(({ position }) => position)).toEqual([2, 1]);
  });

  it("offers to take a line back to whoever has the rights, once, and only what one command did", () => {
    const did = (name: string, command_id: string, by = "ada", more: Partial<Activity> = {}) =>
      ({ name, command_id, by, summary: name, at: "2026-01-01T12:00:00Z", causation_id: null, ...more }) as Activity;
    const offered = (entry: Activity, person: string, ...permissions: string[]) =>
      mayTakeBack(grouped([entry])[0]!, new Set(["done"]), { person, permissions });
    const renamed = did("ImageSetDescribed", "c");
    expect(offered(renamed, "ada", "manage_sets")).toBe(true);
    expect(offered(renamed, "ben", "manage_sets")).toBe(false);
    expect(offered(renamed, "ben", "manage_sets", "undo_others")).toBe(true);
    expect(offered(did("ImageSetDescribed", "done"), "ada", "manage_sets")).toBe(false);
    expect(offered(did("ImageRenamed", "c"), "ada", "manage_sets")).toBe(false);
    expect(offered(did("AnnotationDrawn", "c"), "ada", "annotate")).toBe(false);
    const twice = grouped([did("MemberAdded", "c"), did("MemberAdded", "d")])[0]!;
    expect(mayTakeBack(twice, new Set(), { person: "ada", permissions: ["manage_members"] })).toBe(false);
    expect(takenBackIn([did("TeamRenamed", "u", "ada", { causation_id: "c" }), renamed])).toEqual(new Set(["c"]));
  });

  it("puts lines under their days", () => {
    const on = (at: string) => ({ entry: { at } as Activity, times: 1, commands: new Set<string>() });
    const days = byDay([on(new Date().toISOString()), on("2020-02-03T12:00:00Z"), on("2020-02-03T11:00:00Z")]);
    expect(days.map(([name, lines]) => [name, lines.length])).toEqual([
      ["Today", 1],
      ["Feb 3, 2020", 2],
    ]);
  });

  it("asks less and less often for an export", () => expect([0, 3, 50].map(pause_ms)).toEqual([400, 1000, 2000]));

  it("sends of a new person only what was typed", () =>
    expect(given({ username: "grace", first_name: "", email: "" })).toEqual({ username: "grace" }));

  it("knows when a token ends, or that it does not", () => {
    expect(expiry("30", 0)).toBe("1970-01-31T00:00:00.000Z");
    expect(expiry("")).toBeNull();
  });
});
