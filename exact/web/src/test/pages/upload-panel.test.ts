import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import "../../design";
import { Deliveries } from "../../pages/deliveries";
import { ImageGrid } from "../../pages/images";
import { UploadPanel } from "../../pages/upload-panel";

const paths: string[][] = [];

beforeEach(() => {
  document.body.replaceChildren();
  paths.length = 0;
  vi.spyOn(Deliveries.prototype, "goOn").mockResolvedValue();
  vi.spyOn(Deliveries.prototype, "add").mockImplementation(async (picked) => {
    paths.push(picked.map(({ path }) => path));
  });
});
afterEach(() => vi.restoreAllMocks());

const panel = async (): Promise<UploadPanel> => {
  const made = new UploadPanel();
  made.imageSet = 1;
  document.body.append(made);
  await made.updateComplete;
  return made;
};
const input = (made: UploadPanel, name: string) =>
  made.querySelector(`input[data-testid=${name}]`) as HTMLInputElement;

describe("choosing what to upload", () => {
  it("asks for files or for a folder, each by its own dialog", async () => {
    const made = await panel();
    const asked: string[] = [];
    for (const name of ["upload-input", "upload-folder-input"])
      input(made, name).addEventListener("click", () => asked.push(name));
    made.choose("folder");
    made.choose("files");
    expect(asked).toEqual(["upload-folder-input", "upload-input"]);
    expect(input(made, "upload-folder-input").hasAttribute("webkitdirectory")).toBe(true);
    expect(input(made, "upload-input").hasAttribute("webkitdirectory")).toBe(false);
  });

  it("sends a folder with the paths that its files have in it", async () => {
    const folder = input(await panel(), "upload-folder-input");
    const file = new File(["x"], "1.dcm");
    Object.defineProperty(file, "webkitRelativePath", { value: "ct/deep/1.dcm" });
    Object.defineProperty(folder, "files", { value: [file] });
    folder.dispatchEvent(new Event("change"));
    expect(paths).toEqual([["ct/deep/1.dcm"]]);
  });

  it("is offered by two buttons where there is no image yet", async () => {
    const grid = new ImageGrid();
    Object.assign(grid, { images: [], progress: null, mayUpload: true });
    const asked: unknown[] = [];
    grid.addEventListener("exact-choose", (event) => asked.push((event as CustomEvent).detail));
    document.body.append(grid);
    await grid.updateComplete;
    const buttons = [...grid.querySelectorAll<HTMLButtonElement>("exact-empty button")];
    expect(buttons.map((button) => button.textContent?.trim())).toEqual(["Choose files", "Choose folder"]);
    buttons.forEach((button) => button.click());
    expect(asked).toEqual(["files", "folder"]);
  });
});
