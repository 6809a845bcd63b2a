/** The viewer's page: loads the workspace, lays the panels around the stage, and says clearly when something is missing. */

import "../panels/annotation-list";
import "../panels/decisions";
import "../panels/inspector";
import "../panels/palette";
import "../panels/remark";
import "../panels/shortcuts";
import "../panels/status-line";
import "../panels/tool-rail";
import "../panels/top-bar";
import "../panels/view-tools";
import "./stage";
import { LitElement, css, html, nothing } from "lit";
import { Refusal, Unreachable } from "../api/client";
import * as api from "../api/viewer";
import { icon, mark } from "../design/icons";
import { controls } from "../design/styles";
import { toast } from "../design/toast";
import { systemClock } from "../live/clock";
import type { Socket } from "../live/connection";
import type { Told } from "../live/outbox";
import { takeBack } from "../live/selections";
import { Session } from "../live/session";
import { openStorage } from "../live/storage";
import { announceTab, livingTabs } from "../live/tabs";
import { uuid7 } from "../model/uuid7";
import type { ExactAnnotationList } from "../panels/annotation-list";
import { look } from "../panels/element";
import type { ExactInspector } from "../panels/inspector";
import { selectionDialog } from "../panels/selection-dialog";
import { Desk } from "./desk";
import { followKeyboard } from "./keyboard";
import type { ExactStage } from "./stage";
import { DeskScene } from "./selections";
import { applyViewerTheme } from "./theme";

/** While the server does not answer, the page asks again by itself. */
const RETRY_MS = 5000;

type Trouble = { readonly title: string; readonly detail: string; readonly retry: boolean };

function troubleOf(problem: unknown): Trouble {
  if (!(problem instanceof Refusal)) {
    return { title: "The server does not answer", detail: "Check the network. Nothing you did is lost: unsent changes are kept in this browser.", retry: true };
  }
  if (problem.status === 404) return { title: "There is no such image", detail: "It may have been withdrawn, or it belongs to a team you are not in.", retry: false };
  if (problem.status === 403 || problem.status === 401) return { title: "Not yours to see", detail: problem.detail, retry: false };
  return { title: "The image cannot be opened", detail: problem.detail, retry: true };
}

export class ExactViewer extends LitElement {
  static override properties = {
    image: { type: Number },
    desk: { state: true },
    trouble: { state: true },
    stage: { state: true },
    said: { state: true },
    failure: { state: true },
  };
  declare image: number;
  declare desk: Desk | null;
  declare trouble: Trouble | null;
  declare stage: ExactStage | null;
  declare said: string;
  declare failure: string | null;
  private readonly leave: (() => void)[] = [];

  static override styles = [
    controls,
    look,
    css`
      :host {
        position: fixed;
        inset: 0;
        display: grid;
        grid-template: 48px minmax(0, 1fr) 28px / 52px minmax(0, 1fr) 316px;
        grid-template-areas: "top top top" "rail stage side" "status status status";
        background: var(--canvas);
      }
      @media (max-width: 1100px) {
        :host {
          grid-template-columns: 48px minmax(0, 1fr) 272px;
        }
      }
      exact-top-bar {
        grid-area: top;
      }
      exact-tool-rail {
        grid-area: rail;
      }
      exact-stage {
        grid-area: stage;
      }
      exact-status-line {
        grid-area: status;
      }
      aside {
        grid-area: side;
        display: grid;
        grid-template-rows: minmax(84px, max-content) minmax(120px, 1fr) minmax(0, 306px);
        min-height: 0;
        border-left: 1px solid var(--line);
        background: var(--surface);
      }
      exact-palette {
        max-height: 28vh;
      }
      @media (max-height: 800px) {
        aside {
          grid-template-rows: minmax(84px, max-content) minmax(110px, 1fr) minmax(0, 268px);
        }
        exact-palette {
          max-height: 27vh;
        }
      }
      .trouble {
        grid-area: 1 / 1 / -1 / -1;
        display: grid;
        place-content: center;
        justify-items: center;
        gap: 8px;
        padding: 32px;
        text-align: center;
      }
      .trouble h1 {
        margin: 12px 0 0;
        font: 640 20px/1.3 var(--font);
      }
      .trouble p {
        max-width: 46ch;
        margin: 0 0 12px;
        color: var(--ink-2);
        font-size: 14px;
      }
      .trouble .buttons {
        display: flex;
        gap: 8px;
      }
      .bone-top {
        grid-area: top;
        border-bottom: 1px solid var(--line);
        background: var(--surface);
      }
      .bone-rail {
        grid-area: rail;
        border-right: 1px solid var(--line);
        background: var(--surface);
      }
      .bone-stage {
        grid-area: stage;
        display: grid;
        place-items: center;
        background: light-dark(#dde4e7, #0a0f12);
        color: var(--ink-3);
      }
      .bone-side {
        grid-area: side;
        display: grid;
        align-content: start;
        gap: 12px;
        padding: 14px 12px;
        border-left: 1px solid var(--line);
        background: var(--surface);
      }
      .bone-side .skeleton {
        height: 26px;
      }
      .bone-status {
        grid-area: status;
        border-top: 1px solid var(--line);
        background: var(--surface);
      }
      .failure {
        position: absolute;
        inset: 0;
        z-index: 4;
        display: grid;
        place-content: center;
        justify-items: center;
        gap: 6px;
        padding: 32px;
        background: light-dark(#dde4e7, #0a0f12);
        color: var(--ink);
        text-align: center;
      }
      .failure strong {
        font: 640 17px/1.4 var(--font);
      }
      .failure span {
        max-width: 52ch;
        margin-bottom: 10px;
        color: var(--ink-2);
        font-size: 14px;
      }
    `,
  ];

  constructor() {
    super();
    this.desk = null;
    this.trouble = null;
    this.stage = null;
    this.said = "";
    this.failure = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    applyViewerTheme();
    void this.open();
  }

  override disconnectedCallback(): void {
    for (const leave of this.leave) leave();
    this.desk?.session.stop();
    super.disconnectedCallback();
  }

  private async open(): Promise<void> {
    try {
      const workspace = await api.workspace(this.image);
      const tab = uuid7();
      announceTab(tab);
      const desk = await this.deskFor(workspace, tab);
      await desk.session.start(await livingTabs());
      desk.relist();
      document.title = `${workspace.image.name} · EXACT`;
      this.trouble = null;
      this.desk = desk;
      await this.updateComplete;
      this.take(desk);
    } catch (problem) {
      if (!(problem instanceof Error)) throw problem;
      if (problem instanceof Refusal && ["not_signed_in", "not_authenticated"].includes(problem.code)) return this.signIn();
      if (!(problem instanceof Refusal || problem instanceof Unreachable)) console.error(problem);
      this.trouble = troubleOf(problem);
      if (problem instanceof Unreachable) setTimeout(() => this.isConnected && this.trouble && void this.open(), RETRY_MS);
    }
  }

  private signIn(): void {
    location.assign(`/sign-in/?next=${encodeURIComponent(location.pathname + location.search)}`);
  }

  private async deskFor(workspace: api.Workspace, tab: string): Promise<Desk> {
    const session = new Session({
      image: this.image,
      imageId: workspace.image.id,
      person: workspace.me.person_id,
      tab,
      clock: systemClock,
      storage: await openStorage(),
      send: api.sendCommand,
      openSocket: () => new WebSocket(api.liveAddress(this.image)) as unknown as Socket,
      load: () => api.annotations(this.image),
      nameOf: (person) => this.desk?.nameOf(person) ?? "Somebody",
      tell: (told) => this.tell(told),
      takeBack: (commands) => takeBack(commands, { clock: systemClock, nameOf: (person) => this.desk?.nameOf(person) ?? "Somebody" }),
    });
    return new Desk(workspace, session);
  }

  private tell({ kind, key, keys = [key], text }: Told): void {
    const there = keys.filter((one) => this.desk?.session.store.get(one));
    const show = there.length > 0 ? { label: "Show", run: () => this.desk?.show(there) } : undefined;
    toast(text, kind === "batch_refused" ? "bad" : "plain", show);
  }

  /** Once the panels stand: keyboard, network, and the warning before leaving unsaved work. */
  private take(desk: Desk): void {
    const stage = this.renderRoot.querySelector<ExactStage>("exact-stage")!;
    this.stage = stage;
    const scene = new DeskScene(desk);
    desk.askForAll = (choice) => {
      if (scene.acts.length > 0) selectionDialog(scene, choice, "image");
    };
    const inspector = this.renderRoot.querySelector<ExactInspector>("exact-inspector")!;
    const list = this.renderRoot.querySelector<ExactAnnotationList>("exact-annotation-list")!;
    desk.showFacts = () => inspector.facts();
    this.leave.push(
      followKeyboard({ desk, stage, describe: () => inspector.describe(), search: () => list.search() }),
      desk.announcer.sentence.subscribe(() => (this.said = desk.announcer.sentence.value)),
      desk.imageName.subscribe(() => (document.title = `${desk.imageName.value} · EXACT`)),
      stage.failure.subscribe(() => (this.failure = stage.failure.value)),
      this.on("online", () => desk.session.wake()),
      this.on("offline", () => desk.session.doubt()),
      this.on("focus", () => desk.session.wake()),
      this.on("beforeunload", (event) => {
        if (desk.session.outbox.unsent > 0 && !desk.session.outbox.durable.value) event.preventDefault();
      }),
    );
  }

  private on(name: string, act: (event: Event) => void): () => void {
    window.addEventListener(name, act);
    return () => window.removeEventListener(name, act);
  }

  private bones() {
    return html`<div class="bone-top"></div><div class="bone-rail"></div>
      <div class="bone-stage" role="status">Opening image ${this.image} …</div>
      <div class="bone-side" aria-hidden="true">${[1, 2, 3, 4, 5, 6, 7].map(() => html`<div class="skeleton"></div>`)}</div>
      <div class="bone-status" data-testid="status" data-state="connecting" data-unsent="0" data-position="0"></div>`;
  }

  private troubled({ title, detail, retry }: Trouble) {
    return html`<main class="trouble" role="alert" data-testid="trouble">${mark(40)}
      <h1>${title}</h1>
      <p>${detail}</p>
      <div class="buttons">
        ${retry ? html`<button class="button primary" @click=${() => this.open()}>${icon("refresh")} Try again</button>` : nothing}
        <a class="button" href="/">Start page</a>
      </div>
    </main>`;
  }

  protected override render() {
    const { desk, stage } = this;
    if (this.trouble) return this.troubled(this.trouble);
    if (!desk) return this.bones();
    return html`
      <exact-top-bar .desk=${desk} role="banner"></exact-top-bar>
      <exact-tool-rail .desk=${desk} role="complementary" aria-label="Tools"></exact-tool-rail>
      <exact-stage .desk=${desk} role="main">
        ${this.failure ? html`<div class="failure" role="alert" data-testid="failure"><strong>The image cannot be shown</strong><span>${this.failure}</span>
              <button class="button" @click=${() => stage?.reopen()}>${icon("refresh")} Try again</button></div>` : nothing}
        <exact-decisions .desk=${desk}></exact-decisions>
        <exact-remark .desk=${desk}></exact-remark>
        <exact-view-tools .desk=${desk} .stage=${stage}></exact-view-tools>
      </exact-stage>
      <aside aria-label="Annotations">
        <exact-palette .desk=${desk}></exact-palette>
        <exact-annotation-list .desk=${desk}></exact-annotation-list>
        <exact-inspector .desk=${desk}></exact-inspector>
      </aside>
      <exact-status-line .desk=${desk} .stage=${stage} role="contentinfo"></exact-status-line>
      <exact-shortcuts .desk=${desk}></exact-shortcuts>
      <div class="unseen" role="status" aria-live="polite">${this.said}</div>
    `;
  }
}

customElements.define("exact-viewer", ExactViewer);
