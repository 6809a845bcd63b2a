/** One image set: its images, uploads, progress, products, dataset versions and history. */

import { html, nothing } from "lit";
import { icon, type IconName, toast } from "../design";
import { counted } from "../design/format";
import type { Socket } from "../live/connection";
import { PageElement } from "./element";
import { importDialog } from "./import-dialog";
import { figures } from "./figures";
import { strip } from "./figures-strip";
import { askForm } from "./form-dialog";
import { freezeDialog } from "./freeze-dialog";
import * as rest from "./rest";
import type { Act } from "../model/selections";
import { may, teamOf } from "./rights";
import { urls } from "./routes";
import { SetLive, setAddress } from "./set-live";
import { actsOf, forAllOf } from "./selections";
import type { Image, ImageSet, Me, MyTeam, Progress } from "./shapes";
import type { UploadPanel } from "./upload-panel";

const PROGRESS_EVERY_MS = 15_000;
const MANY: Record<Act, readonly [IconName, string]> = {
  accept: ["check", "Accept many annotations…"],
  reject: ["close", "Reject many annotations…"],
  reclassify: ["tag", "Change the type of many…"],
  remove: ["trash", "Remove many annotations…"],
  restore: ["undo", "Bring removed ones back…"],
};

export class ImageSetPage extends PageElement {
  static override properties = {
    me: { attribute: false },
    number: { type: Number },
    set: { state: true },
    images: { state: true },
    progress: { state: true },
    problem: { state: true },
    missing: { state: true },
    frozen: { state: true },
    imported: { state: true },
  };
  declare me: Me;
  declare number: number;
  declare set: ImageSet | null;
  declare images: Image[] | null;
  declare progress: Progress | null;
  declare problem: string;
  declare missing: boolean;
  /** Raised by one when a version was frozen, so that the list asks again. */
  declare frozen: number;
  /** Raised by one when a file of annotations was sent. */
  declare imported: number;
  private timer: ReturnType<typeof setInterval> | undefined;
  private live!: SetLive;
  private readonly wake = (): void => this.live.wake();

  constructor() {
    super();
    this.set = null;
    this.images = null;
    this.progress = null;
    this.problem = "";
    this.missing = false;
    this.frozen = 0;
    this.imported = 0;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load();
    this.live ??= new SetLive(() => new WebSocket(setAddress(this.number)) as unknown as Socket);
    this.live.start();
    window.addEventListener("online", this.wake);
    window.addEventListener("exact-undone", this.again);
    this.timer = setInterval(() => document.hidden || void this.loadProgress(), PROGRESS_EVERY_MS);
  }

  override disconnectedCallback(): void {
    clearInterval(this.timer);
    window.removeEventListener("online", this.wake);
    window.removeEventListener("exact-undone", this.again);
    this.live.stop();
    super.disconnectedCallback();
  }

  /** A step was taken back: everything here may be another now. */
  private readonly again = (): void => {
    this.frozen += 1;
    this.imported += 1;
    void this.load();
  };

  private async load(): Promise<void> {
    try {
      this.set = await rest.imageSet(this.number);
      this.name();
      await Promise.all([this.loadImages(), this.loadProgress()]);
      this.problem = "";
    } catch (error) {
      this.missing = rest.status(error) === 404;
      this.problem = rest.sentence(error);
    }
  }

  private async loadImages(): Promise<void> {
    this.images = await rest.images(this.number);
  }

  /** Counts come a moment after the facts; a failed question is asked again at the next turn. */
  private async loadProgress(): Promise<void> {
    const answer = await rest.progress(this.number).catch(() => null);
    if (answer) this.progress = answer;
  }

  private get team(): MyTeam | undefined {
    return this.set ? teamOf(this.me, this.set.team) : undefined;
  }

  private can(permission: string): boolean {
    return this.set !== null && may(this.me, this.set.team, permission);
  }

  private name(): void {
    const team = this.team ? [{ label: this.team.name, href: urls.team(this.team.number) }] : [];
    this.crumbs([...team, { label: this.set?.name ?? "" }]);
  }

  private async describe(set: ImageSet): Promise<void> {
    const done = await askForm({
      heading: "Rename the image set",
      action: "Save",
      fields: [
        { name: "name", label: "Name", value: set.name, maxLength: 256 },
        { name: "description", label: "Description", kind: "long", value: set.description ?? "", optional: true },
      ],
      run: ({ name, description = "" }) =>
        rest.command("DescribeImageSet", { image_set_id: set.uuid, name, description }),
    });
    if (!done) return;
    this.set = await rest.imageSet(this.number);
    this.name();
  }

  private async withdraw(set: ImageSet): Promise<void> {
    const done = await askForm({
      heading: `Withdraw “${set.name}”?`,
      lead: "It disappears from the lists of everybody. Frozen dataset versions stay readable and exportable.",
      action: "Withdraw image set",
      danger: true,
      fields: [{ name: "reason", label: "Reason", kind: "long", hint: "It is kept in the history.", maxLength: 500 }],
      run: ({ reason }) => rest.command("WithdrawImageSet", { image_set_id: set.uuid, reason }),
    });
    if (done) location.assign(urls.home);
  }

  private async freeze(set: ImageSet): Promise<void> {
    const version = await freezeDialog(set);
    if (!version) return;
    toast(
      `${version.name}@${version.version} is frozen: ${counted(version.image_count, "image")}, ${counted(version.annotation_count, "annotation")}.`,
      "good",
    );
    this.frozen += 1;
  }

  private import(set: ImageSet): void {
    importDialog(set, this.images ?? [], this.live, () => (this.imported += 1));
  }

  private choose(what: "files" | "folder"): void {
    this.querySelector<UploadPanel>("exact-uploads")?.choose(what);
  }

  protected override render() {
    if (this.missing) return this.notFound();
    if (this.problem && !this.images) return this.failed();
    if (!this.set) return this.waiting();
    return html`<div class="page">
      ${this.head(this.set)}
      ${strip(this.images && this.progress ? figures(this.images.length, this.progress.images) : null)}
      ${
        this.can("upload")
          ? html`<exact-uploads
              .imageSet=${this.number}
              .label=${this.set.name}
              @exact-uploaded=${this.uploaded}
            ></exact-uploads>`
          : nothing
      }
      <div class="columns">
        <div class="column-main">
          <exact-images
            .images=${this.images}
            .progress=${this.progress}
            .mayManage=${this.can("manage_images")}
            .mayUpload=${this.can("upload")}
            @exact-choose=${(event: CustomEvent<"files" | "folder">) => this.choose(event.detail)}
            @exact-changed=${this.changed}
          ></exact-images>
        </div>
        <aside class="column-side" aria-label="About this image set">${this.side(this.set)}</aside>
      </div>
    </div>`;
  }

  private changed(): void {
    void Promise.all([this.loadImages(), this.loadProgress()]).catch((error: unknown) =>
      toast(rest.sentence(error), "bad"),
    );
  }

  /** Only what came is asked for: a set may have thousands of images. */
  private async uploaded(event: CustomEvent<number[]>): Promise<void> {
    try {
      const fresh = await Promise.all(event.detail.map((number) => rest.image(number)));
      const numbers = new Set(event.detail);
      this.images = [...(this.images ?? []).filter((image) => !numbers.has(image.id)), ...fresh];
    } catch (error) {
      toast(rest.sentence(error), "bad");
    }
  }

  private head(set: ImageSet) {
    return html`<header class="page-head">
      <div class="page-title">
        <h1>${set.name}</h1>
        <p class="muted">${set.description || "No description"}</p>
      </div>
      <div class="page-tools">
        ${
          this.can("freeze")
            ? html`<button class="button" data-testid="freeze" @click=${() => this.freeze(set)}>
                ${icon("snowflake")}Freeze version
              </button>`
            : nothing
        }
        ${
          this.can("annotate")
            ? html`<button class="button" data-testid="import" ?disabled=${!this.images?.length} @click=${() => this.import(set)}>
                ${icon("layers")}Import annotations
              </button>`
            : nothing
        }
        ${
          this.can("upload")
            ? html`<button class="button" data-testid="upload-folder" @click=${() => this.choose("folder")}>
                  ${icon("folder")}Choose folder</button
                ><button class="button primary" data-testid="upload" @click=${() => this.choose("files")}>
                  ${icon("upload")}Upload images
                </button>`
            : nothing
        }
        ${this.menu(set)}
      </div>
    </header>`;
  }

  private menu(set: ImageSet) {
    const acts = actsOf(this.me, set.team);
    const manages = this.can("manage_sets");
    if (acts.length === 0 && !manages) return nothing;
    return html`<exact-menu label="More for this image set">
      ${acts.map((act) => this.forAll(set, act))}
      ${
        manages
          ? html`${acts.length > 0 ? html`<hr class="menu-line" />` : nothing}<button
                class="menu-item"
                role="menuitem"
                tabindex="-1"
                data-testid="describe-image-set"
                @click=${() => this.describe(set)}
              >
                ${icon("edit")}<span>Rename and describe</span>
              </button>
              <button class="menu-item bad" role="menuitem" tabindex="-1" @click=${() => this.withdraw(set)}>
                ${icon("archive")}<span>Withdraw…</span>
              </button>`
          : nothing
      }
    </exact-menu>`;
  }

  private forAll(set: ImageSet, act: Act) {
    const [sign, words] = MANY[act];
    return html`<button class="menu-item ${act === "remove" ? "bad" : ""}" role="menuitem" tabindex="-1" data-act=${act} @click=${() => void forAllOf(set, this.me, act, this.recount)}>
      ${icon(sign)}<span>${words}</span>
    </button>`;
  }

  /** After a set-wide wish: the counts as new as it. */
  private readonly recount = (position: number): void => {
    window.dispatchEvent(new Event("exact-granted"));
    rest.progress(this.number, position || undefined).then(
      (progress) => (this.progress = progress),
      (error: unknown) => toast(rest.sentence(error), "bad"),
    );
  };

  private side(set: ImageSet) {
    return html`<exact-versions
        .set=${set}
        .mayFreeze=${this.can("freeze")}
        .mayExport=${this.can("export")}
        .turn=${this.frozen}
        @exact-freeze=${() => this.freeze(set)}
      ></exact-versions>
      <exact-imports
        .imageSet=${this.number}
        .mayImport=${this.can("annotate")}
        .live=${this.live}
        .turn=${this.imported}
        @exact-imported=${this.loadProgress}
      ></exact-imports>
      <exact-set-products
        .set=${set}
        .progress=${this.progress}
        .mayManage=${this.can("manage_sets")}
        @exact-changed=${this.load}
      ></exact-set-products>
      <section class="card panel" aria-labelledby="activity-title">
        <h2 class="panel-title" id="activity-title">${icon("activity")}Activity</h2>
        <exact-activity
          paged
          .imageSet=${this.number}
          .limit=${10}
          .reader=${{ person: this.me.person_id, permissions: this.team?.permissions ?? [] }}
        ></exact-activity>
      </section>`;
  }

  private notFound() {
    return html`<div class="page">
      <exact-empty icon="search" heading="This image set is not here">
        It does not exist, was withdrawn, or belongs to a team you are not in.<a
          slot="action"
          class="button"
          href=${urls.home}
          >To the start</a
        >
      </exact-empty>
    </div>`;
  }

  private failed() {
    return html`<div class="page">
      <exact-empty icon="alert" heading="The image set could not be loaded">
        ${this.problem}<button slot="action" class="button" @click=${this.load}>Try again</button>
      </exact-empty>
    </div>`;
  }

  private waiting() {
    return html`<div class="page" aria-busy="true">
      <div class="skeleton line-1"></div>
      <div class="skeleton line-2"></div>
      <div class="skeleton strip-waiting"></div>
      <div class="image-grid">${Array.from({ length: 8 }, () => html`<div class="skeleton image-waiting"></div>`)}</div>
    </div>`;
  }
}

customElements.define("exact-image-set", ImageSetPage);
