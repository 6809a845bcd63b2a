import { describe, expect, it } from "vitest";
import { goingOn, ofInput, parcels, type Picked } from "../../pages/picked";

const picked = (path: string, size = 3, lastModified = 5): Picked => ({
  file: new File([new Uint8Array(size)], path.split("/").at(-1) ?? "", { lastModified }),
  path,
});
const names = (...paths: string[]) =>
  parcels(paths.map((path) => picked(path))).map(({ name, files }) => [name, files.length]);

describe("what is sent together", () => {
  it("is a file by itself, and a folder as a whole", () => {
    expect(names("a.svs", "b.png", "ct/1", "ct/deep/2", "mr/1")).toEqual([
      ["a.svs", 1],
      ["b.png", 1],
      ["ct", 2],
      ["mr", 1],
    ]);
  });

  it("is all of it when the names say that they belong together", () => {
    expect(names("1.dcm", "2.dcm")).toEqual([["1.dcm and 1 other", 2]]);
    expect(names("one/Data.dat", "one.mrxs", "one/x")).toEqual([["one.mrxs and 2 others", 3]]);
    expect(names("cells_z0_t1.tif", "cells_z1_t1.tif")).toEqual([["cells_z0_t1.tif and 1 other", 2]]);
    expect(names("alone.dcm")).toEqual([["alone.dcm", 1]]);
  });

  it("keeps the folders that an input tells", () => {
    const file = new File(["x"], "1.dcm");
    Object.defineProperty(file, "webkitRelativePath", { value: "ct/1.dcm" });
    expect(ofInput({ files: [file] } as unknown as HTMLInputElement)).toEqual([{ file, path: "ct/1.dcm" }]);
  });
});

describe("files that were interrupted", () => {
  const known = (path: string, received_bytes: number) => ({
    path,
    size_bytes: 3,
    modified: 5,
    received_bytes,
    upload: `/u/${path}`,
  });

  it("go on when they are chosen again", () => {
    expect(goingOn([picked("a.svs")], [known("a.svs", 1)])).toEqual(new Map([["a.svs", "/u/a.svs"]]));
  });

  it("do not go on with others of that name", () => {
    expect(goingOn([picked("a.svs", 4)], [known("a.svs", 1)])).toBeNull();
    expect(goingOn([picked("a.svs", 3, 6)], [known("a.svs", 1)])).toBeNull();
    expect(goingOn([picked("b.svs")], [known("a.svs", 1)])).toBeNull();
  });

  it("need those only of which something is missing", () => {
    expect(goingOn([picked("ct/2")], [known("ct/1", 3), known("ct/2", 1)])).toEqual(new Map([["ct/2", "/u/ct/2"]]));
    expect(goingOn([picked("ct/2")], [known("ct/1", 2), known("ct/2", 1)])).toBeNull();
  });
});
