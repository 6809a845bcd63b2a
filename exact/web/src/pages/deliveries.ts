/** What was chosen or dropped, on its way: one delivery sent at a time, followed until the server has made images of it. */

import { goingOn, parcels, type Parcel, type Picked } from "./picked";
import * as rest from "./rest";
import type { Delivery } from "./shapes";
import { Road } from "./tus-transport";
import { found, next, over, reduce, type Upload, type UploadEvent } from "./uploads";

/** Up to this size a file is hashed here first: what the set has already is not sent. */
const HASHED_MAX_BYTES = 64 * 2 ** 20;
const ASK_MS = 700;
const ENDED: Delivery["state"][] = ["complete", "failed", "cancelled"];

/** What is known of an upload beside its row. */
interface Cargo {
  delivery: string;
  files: Picked[];
  begun: Map<string, string>;
  road: Road | null;
}

export class Deliveries {
  private uploads: Upload[] = [];
  private readonly cargo = new Map<number, Cargo>();
  private interrupted = new Map<number, Delivery>();
  private last = 0;
  private stopped = false;
  private readonly online = (): void =>
    this.uploads.filter((upload) => upload.state === "failed").forEach(({ id }) => this.tell({ type: "again", id }));

  constructor(
    private readonly imageSet: number,
    private readonly shown: (uploads: Upload[]) => void,
    private readonly arrived: (images: number[]) => void,
  ) {
    window.addEventListener("online", this.online);
  }

  stop(): void {
    this.stopped = true;
    window.removeEventListener("online", this.online);
    for (const { road } of this.cargo.values()) road?.pause();
  }

  /** Whether its files are at hand. */
  has(upload: Upload): boolean {
    return (this.cargo.get(upload.id)?.files.length ?? 0) > 0;
  }

  /** What of mine was under way when this page was left. */
  async goOn(): Promise<void> {
    const [mine, page] = await Promise.all([rest.me(), rest.deliveriesInto(this.imageSet)]).catch(() => [null, null]);
    for (const delivery of page?.results ?? []) {
      if (delivery.user !== mine?.id || ENDED.includes(delivery.state)) continue;
      const id = ++this.last;
      if (delivery.state === "receiving") this.interrupted.set(id, delivery);
      this.cargo.set(id, { delivery: delivery.id, files: [], begun: new Map(), road: null });
      this.tell({ type: "found", upload: found(id, delivery) });
      if (delivery.state !== "receiving") void this.follow(id, delivery.id);
    }
  }

  /** Files that were interrupted go on; the others are new. */
  async add(picked: Picked[]): Promise<void> {
    for (const parcel of parcels(picked)) if (!this.takenUp(parcel)) this.begin(parcel);
  }

  private takenUp({ files }: Parcel): boolean {
    for (const [id, delivery] of this.interrupted) {
      const begun = goingOn(files, delivery.files);
      if (!begun) continue;
      this.interrupted.delete(id);
      this.cargo.set(id, { delivery: delivery.id, files, begun, road: null });
      this.tell({ type: "resumed", id });
      return true;
    }
    return false;
  }

  private begin({ name, files }: Parcel): void {
    const id = ++this.last;
    this.cargo.set(id, { delivery: rest.newKey(), files, begun: new Map(), road: null });
    const size_bytes = files.reduce((sum, { file }) => sum + file.size, 0);
    this.tell({ type: "added", files: [{ id, name, size_bytes, files: files.length }] });
  }

  /** Every event goes through here; whatever it ended, the next one starts. */
  tell(event: UploadEvent): void {
    if (event.type === "again") this.anew(event.id);
    this.uploads = reduce(this.uploads, event);
    this.shown(this.uploads);
    this.startNext();
  }

  /** What was refused or cancelled is sent anew from the beginning; what was lost goes on. */
  private anew(id: number): void {
    const cargo = this.cargo.get(id);
    const lost = this.uploads.find((upload) => upload.id === id)?.state === "failed";
    if (cargo && !lost) this.cargo.set(id, { ...cargo, delivery: rest.newKey(), begun: new Map(), road: null });
  }

  pause({ id }: Upload): void {
    this.cargo.get(id)?.road?.pause();
    this.tell({ type: "paused", id });
  }

  cancel({ id }: Upload): void {
    const cargo = this.cargo.get(id);
    cargo?.road?.pause();
    this.interrupted.delete(id);
    this.tell({ type: "cancelled", id });
    if (cargo) void rest.moveDelivery(cargo.delivery, "cancel").catch(() => undefined); // what was not begun is not there
  }

  cancelAll(): void {
    this.uploads
      .filter((upload) => !over(upload) && upload.state !== "interrupted")
      .reverse()
      .forEach((upload) => this.cancel(upload));
  }

  private startNext(): void {
    const upload = next(this.uploads);
    const cargo = upload ? this.cargo.get(upload.id) : undefined;
    if (!upload || !cargo) return;
    this.tell({ type: "started", id: upload.id, at_ms: performance.now() });
    void this.send(upload.id, cargo);
  }

  private async send(id: number, cargo: Cargo): Promise<void> {
    if (!cargo.road && cargo.begun.size === 0 && (await this.isKnown(id, cargo))) return;
    if (this.uploads.find((upload) => upload.id === id)?.state !== "uploading") return;
    cargo.road ??= new Road(cargo.files, this.imageSet, cargo.delivery, {
      sent: (sent_bytes) => this.tell({ type: "sent", id, sent_bytes, at_ms: performance.now() }),
      allSent: () => this.allSent(id, cargo.delivery),
      refused: (sentence) => this.refused(id, cargo, sentence),
      lost: (sentence) => this.tell({ type: "lost", id, sentence }),
    }, cargo.begun);
    cargo.road.start();
  }

  private refused(id: number, cargo: Cargo, sentence: string): void {
    this.tell({ type: "refused", id, sentence });
    void rest.moveDelivery(cargo.delivery, "cancel").catch(() => undefined); // it may never have been begun
  }

  /** A small file that the set has is not sent; where the browser does not hash, or the server does not answer, it is. */
  private async isKnown(id: number, { files }: Cargo): Promise<boolean> {
    const [only] = files;
    if (!only || files.length > 1 || only.file.size > HASHED_MAX_BYTES || !globalThis.crypto?.subtle) return false;
    try {
      const sha256 = hex(await crypto.subtle.digest("SHA-256", await only.file.arrayBuffer()));
      const twin = (await rest.knownContents(this.imageSet, [sha256]))[sha256];
      if (twin) this.tell({ type: "known", id, ...twin });
      return twin !== undefined;
    } catch {
      return false; // sending it tells what is wrong
    }
  }

  private allSent(id: number, delivery: string): void {
    this.tell({ type: "all-sent", id });
    void this.follow(id, delivery);
  }

  /** Asks until it has ended; what the server did not hear is said again. */
  private async follow(id: number, delivery: string): Promise<void> {
    while (!this.stopped && !over(this.uploads.find((upload) => upload.id === id) ?? ({ state: "done" } as Upload))) {
      try {
        let now = await rest.deliveryState(delivery);
        if (now.state === "receiving") now = await rest.moveDelivery(delivery, "start");
        this.tell({ type: "told", id, delivery: now });
        if (ENDED.includes(now.state)) return this.ended(now);
      } catch (error) {
        if (rest.status(error) >= 400 && rest.status(error) < 500)
          return this.tell({ type: "refused", id, sentence: rest.sentence(error) });
      }
      await new Promise((go) => setTimeout(go, ASK_MS));
    }
  }

  private ended(delivery: Delivery): void {
    const came = delivery.images.flatMap(({ outcome, image }) => (outcome === "registered" && image ? [image] : []));
    if (came.length) this.arrived(came);
  }
}

const hex = (buffer: ArrayBuffer): string =>
  [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
