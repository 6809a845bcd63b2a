import { beforeEach, describe, expect, it } from "vitest";
import type { Workspace } from "../api/viewer";
import type { AnnotationType } from "../model/annotation";
import { type Vector, VectorType } from "../model/vector";
import { Desk } from "../viewer/desk";
import { FakeServer, Page, settled } from "./fakes";

const type = (number: number, name: string, vector_type: number): AnnotationType => ({
  id: name, number, name, vector_type, color_code: "#56b4e9", node_count: 0, default_width: 50, default_height: 50,
  sort_order: number, closed: true, area_hit_test: true, multi_frame: false, product_id: "p", product_name: "P",
});

function workspace(more: Partial<Workspace> = {}, frames = 1): Workspace {
  const plane = (at: number, name: string) => ({ plane: at, name, width: 1000, height: 800, frames: frames - at, pixel_size_um: [0.5, 0.5] as const });
  return {
    image: {
      id: "image", number: 1, name: "Slide", width: 1000, height: 800, frames, default_frame: 0, frame_names: null, format: "x",
      objective_power: 20, pixel_size_um: [0.5, 0.5, null], planes: frames > 1 ? [plane(0, "axial"), plane(1, "coronal")] : [plane(0, "axial")],
    },
    image_set: { id: "s", number: 1, name: "Set" },
    team: { id: "t", number: 1, name: "Team" },
    role: "verifier",
    permissions: ["read", "annotate", "verify"],
    annotation_types: [type(1, "Tumour", VectorType.POLYGON), type(2, "Mitosis", VectorType.ELLIPSE), type(3, "Box", VectorType.BOUNDING_BOX), type(4, "Blurred", VectorType.GLOBAL)],
    people: [],
    me: { person_id: "anna", name: "Anna", colour: "#000000" },
    siblings: [],
    protocol: 1,
    ...more,
  };
}

const box = (size: number, frame: number | null = null, plane = 0): Vector => ({ vector_type: 1, points: [0, 0, size, size], frame, plane });

let page: Page;
let desk: Desk;

async function sit(more: Partial<Workspace> = {}, frames = 1): Promise<void> {
  page = await new Page(new FakeServer(), "anna").start();
  desk = new Desk(workspace(more, frames), page.session);
}

/** Until the list has followed. */
async function listed(): Promise<void> {
  await page.clock.pass(10);
  await new Promise((resolve) => setTimeout(resolve, 5));
  await settled();
}

beforeEach(() => sit());

describe("types and tools", () => {
  it("choosing a type arms its tool", () => {
    desk.choose(desk.localTypes[1]!);
    expect([desk.tool.value, desk.typeId.value]).toEqual(["point", "Mitosis"]);
  });

  it("arming a tool chooses a type of its shape", () => {
    desk.arm("box");
    expect(desk.typeId.value).toBe("Box");
  });

  it("a tool without a fitting type is not armed, and says why", () => {
    desk.arm("line");
    expect(desk.tool.value).toBe("select");
    expect(desk.remark.value?.text).toContain("line");
    expect(desk.usable("line")).toBe(false);
  });

  it("who may only look has no drawing tools and changes nothing", async () => {
    await sit({ permissions: ["read"] });
    desk.arm("box");
    desk.grant({ wish: "draw", vector: box(1000) });
    expect(desk.tool.value).toBe("select");
    expect([...desk.session.store.all()]).toEqual([]);
  });
});

describe("whole-image labels", () => {
  it("are set once and taken away by the second press", async () => {
    const blurred = desk.globalTypes[0]!;
    desk.choose(blurred);
    expect(desk.labelOf(blurred)).not.toBeNull();
    await listed();
    desk.choose(blurred);
    expect(desk.labelOf(blurred)).toBeNull();
  });

  it("of a volume belong to the slice", async () => {
    await sit({}, 10);
    desk.setFrame(4);
    desk.labelImage(desk.globalTypes[0]!);
    expect(desk.labelOf(desk.globalTypes[0]!)).not.toBeNull();
    desk.setFrame(5);
    expect(desk.labelOf(desk.globalTypes[0]!)).toBeNull();
  });
});

describe("what is seen", () => {
  it("of a volume only the shapes of the slice and plane", async () => {
    await sit({}, 10);
    desk.session.draw("Box", box(1000, 3, 0));
    desk.session.draw("Box", box(2000, 3, 1));
    desk.setFrame(3);
    expect(desk.shapes().map((shape) => shape.vector.points[2])).toEqual([1000]);
    desk.setPlane(1);
    expect(desk.shapes().map((shape) => shape.vector.points[2])).toEqual([2000]);
  });

  it("hidden types are not drawn and cannot be hit", () => {
    const key = desk.session.draw("Box", box(1000));
    desk.toggleType("Box");
    expect(desk.shape(key)).toBeUndefined();
    desk.toggleType("Box");
    expect(desk.shape(key)?.key).toBe(key);
  });

  it("another plane is shown in its middle, and later where it was left", async () => {
    await sit({}, 10);
    desk.setFrame(2);
    desk.showPlane(1);
    expect([desk.plane.value, desk.frame.value]).toEqual([1, 4]);
    desk.setFrame(7);
    desk.showPlane(0);
    expect(desk.frame.value).toBe(2);
    desk.showPlane(1);
    expect(desk.frame.value).toBe(7);
  });

  it("frames stay within the plane", async () => {
    await sit({}, 10);
    desk.setFrame(99);
    expect(desk.frame.value).toBe(9);
    desk.setPlane(1);
    expect(desk.frame.value).toBe(8);
  });
});

describe("the selection", () => {
  it("is given another type only where the shape fits", () => {
    const key = desk.session.draw("Box", box(1000));
    desk.select(key);
    desk.retype(desk.types[0]!);
    expect(desk.session.store.get(key)?.annotation_type_id).toBe("Box");
    expect(desk.remark.value?.kind).toBe("bad");
  });

  it("is nudged by whole pixels inside the image", () => {
    const key = desk.session.draw("Box", box(1000));
    desk.select(key);
    desk.nudge(-5, 3);
    expect(desk.session.store.get(key)?.vector?.points).toEqual([0, 300, 1000, 1300]);
  });

  it("walks to the next without a verdict, around the end of the list", async () => {
    const keys = [1000, 2000, 3000].map((size) => desk.session.draw("Box", box(size)));
    await listed();
    expect(desk.listed.value).toEqual(keys.toReversed());
    desk.select(keys[1]!);
    desk.verifySelection("accepted");
    desk.select(keys[2]!);
    desk.goToOpen(1);
    expect(desk.session.selection.only).toBe(keys[0]);
    desk.goToOpen(1);
    expect(desk.session.selection.only).toBe(keys[2]);
  });

  it("is dropped when somebody removes it", async () => {
    const key = desk.session.draw("Box", box(1000));
    desk.select(key);
    desk.removeSelection();
    expect(desk.session.selection.value).toEqual([]);
  });
});

describe("the list", () => {
  it("is narrowed by type, verdict, person and words", async () => {
    const first = desk.session.draw("Box", box(1000));
    const second = desk.session.draw("Mitosis", { ...box(1000), vector_type: 2 });
    desk.session.describe(first, "check margin");
    await listed();
    desk.select(second);
    desk.verifySelection("rejected");
    const found = async (filter: object): Promise<readonly string[]> => {
      desk.filter.value = { text: "", type: "", status: "", person: "", ...filter };
      await listed();
      return desk.listed.value;
    };
    expect(await found({ type: "Box" })).toEqual([first]);
    expect(await found({ status: "rejected" })).toEqual([second]);
    expect(await found({ text: "MARGIN" })).toEqual([first]);
    expect(await found({ person: "ben" })).toEqual([]);
    expect(desk.counts.value.get("Box")).toBe(1);
  });
});

describe("several selected", () => {
  async function several(): Promise<readonly string[]> {
    const keys = [1000, 2000, 3000, 4000].map((size) => desk.session.draw("Box", box(size)));
    await listed();
    await page.clock.pass(100);
    page.server.requests.length = 0;
    return keys;
  }

  it("are all that the list shows, or a range of it", async () => {
    const keys = await several();
    desk.selectListed();
    expect(desk.session.selection.value).toEqual(keys.toReversed());
    desk.pick(keys[1]!);
    desk.pickRange(keys[3]!);
    expect(new Set(desk.session.selection.value)).toEqual(new Set(keys.slice(1)));
    desk.pickRange(keys[0]!);
    expect(new Set(desk.session.selection.value)).toEqual(new Set(keys.slice(0, 2)));
  });

  it("keep their places to each other when they are moved to the border", async () => {
    const keys = await several();
    desk.selectListed();
    desk.nudge(5, 2000);
    expect(keys.map((key) => desk.session.store.get(key)?.vector?.points)).toEqual([
      [500, 76000, 1500, 77000], [500, 76000, 2500, 78000], [500, 76000, 3500, 79000], [500, 76000, 4500, 80000],
    ]);
    await page.clock.pass(10);
    expect(page.server.requests).toHaveLength(1);
    desk.session.undoLast();
    expect(keys.map((key) => desk.session.store.get(key)?.vector?.points[0])).toEqual([0, 0, 0, 0]);
  });

  it("are removed and brought back as one, and it is said", async () => {
    const keys = await several();
    desk.selectListed();
    desk.removeSelection();
    expect(desk.remark.value?.text).toBe("4 removed. Ctrl Z takes all of it back.");
    await page.clock.pass(10);
    desk.session.undoLast();
    await page.clock.pass(10);
    desk.show(keys);
    expect(desk.session.selection.value).toEqual(keys);
    expect(page.server.requests).toHaveLength(2);
  });
});
