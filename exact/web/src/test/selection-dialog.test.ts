import { beforeEach, describe, expect, it } from "vitest";
import type { Choice, Outcome, Survey } from "../model/selections";
import { type Ground, type Scene, type SelectionDialog, selectionDialog } from "../panels/selection-dialog";

const types = [
  { id: "cell", number: 1, name: "cell", color_code: "#0072b2", vector_type: 1 },
  { id: "spot", number: 2, name: "spot", color_code: "#e69f00", vector_type: 1 },
];
const outcome = (more: Partial<Outcome> = {}): Outcome => ({ changed: 3, left_count: 0, left: [], commands: ["c"], position: 9, problem: null, ...more });

let surveys: ((survey: Survey) => void)[];
let ran: string[];
let shown: number[];
let hindered: string;
let end: Outcome;

const scene: Scene = {
  types,
  acts: ["accept", "reject", "reclassify"],
  grounds: [{ value: "view", title: "This view" }, { value: "image", title: "This image" }],
  survey: (_choice: Choice, _ground: Ground) => new Promise((resolve) => surveys.push(resolve)),
  hindrance: () => hindered,
  carryOut: async () => end,
  ran: (sentence) => void ran.push(sentence),
  nameOf: () => "Ben",
  show: (left) => (shown.push(...left.map(({ number }) => number)), true),
};
const survey = (count: number): Survey => ({ count, images: 1, position: 5, wishes: [{ image_id: "i", image: { number: 1, name: "a" }, where: {} }] });
const marked = (dialog: SelectionDialog, id: string) => dialog.renderRoot.querySelector<HTMLButtonElement>(`[data-testid=${id}]`)!;

async function open(choice: Partial<Choice> = {}): Promise<SelectionDialog> {
  selectionDialog(scene, choice);
  const dialog = document.querySelector<SelectionDialog>("exact-selection-dialog")!;
  await dialog.updateComplete;
  return dialog;
}

async function counted(dialog: SelectionDialog, turn: number, count: number): Promise<void> {
  surveys[turn]!(survey(count));
  await new Promise((resolve) => setTimeout(resolve, 0));
  await dialog.updateComplete;
}

async function confirm(dialog: SelectionDialog): Promise<void> {
  dialog.renderRoot.querySelector("form")!.dispatchEvent(new Event("submit", { cancelable: true }));
  await new Promise((resolve) => setTimeout(resolve, 0));
  await dialog.updateComplete;
}

beforeEach(() => {
  document.body.replaceChildren();
  [surveys, ran, shown, hindered, end] = [[], [], [], "", outcome()];
});

describe("the dialog of many annotations", () => {
  it("says how many before it runs, and does not run before it is counted", async () => {
    const dialog = await open();
    expect(marked(dialog, "selection-confirm").disabled).toBe(true);
    await counted(dialog, 0, 1234);
    expect(marked(dialog, "selection-meaning").textContent).toContain("1,234 annotations");
    expect(marked(dialog, "selection-confirm").textContent?.trim()).toBe("Accept 1,234");
    await confirm(dialog);
    expect(ran).toEqual(["3 annotations accepted."]);
  });

  it("does not take the count of an earlier question for that of the last", async () => {
    const dialog = await open();
    const radio = dialog.renderRoot.querySelector<HTMLInputElement>("[value=image]")!;
    radio.dispatchEvent(new Event("change"));
    await counted(dialog, 1, 7);
    await counted(dialog, 0, 99);
    expect(marked(dialog, "selection-meaning").textContent).toContain("7 annotations");
  });

  it("waits while own work is not saved", async () => {
    hindered = "Changes of yours are not saved yet; it can be done in a moment.";
    const dialog = await open();
    await counted(dialog, 0, 5);
    expect(dialog.renderRoot.textContent).toContain(hindered);
    await confirm(dialog);
    expect(ran).toEqual([]);
  });

  it("lists what was left alone, by whom it was changed, and selects it", async () => {
    const left = { annotation_id: "a", number: 12, code: "changed_since", reason: "Somebody changed it since.", changed_by: "ben", image: { number: 1, name: "a" } };
    end = outcome({ left_count: 1, left: [left] });
    const dialog = await open();
    await counted(dialog, 0, 4);
    await confirm(dialog);
    expect(marked(dialog, "selection-told").textContent).toContain("3 annotations accepted, 1 left because somebody changed it since.");
    expect(marked(dialog, "left-alone").textContent).toContain("Ben changed it since.");
    marked(dialog, "selection-show").click();
    expect(shown).toEqual([12]);
  });

  it("offers a new type of the same shape, and no change of all types at once", async () => {
    const dialog = await open({ act: "reclassify" });
    expect(dialog.choice).toMatchObject({ type: "cell", to: "spot" });
    expect([...dialog.renderRoot.querySelectorAll("#which-type option")].map((option) => option.textContent)).toEqual(["cell", "spot"]);
  });
});
