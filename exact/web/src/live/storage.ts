/** Where unsent changes outlive the page: IndexedDB, or memory when the browser refuses it. */

import type { Entry } from "../state/entries";

export interface OutboxStorage {
  /** False when a reload would lose what is in it. */
  readonly durable: boolean;
  load(scope: string): Promise<Entry[]>;
  /** All of them or none: a batch is never kept in part. */
  put(...entries: readonly Entry[]): Promise<void>;
  delete(...entries: readonly Entry[]): Promise<void>;
}

const STORE = "entries";

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB refused"));
  });
}

/** One database for all people and images of this browser. */
export class IndexedStorage implements OutboxStorage {
  readonly durable = true;

  private constructor(private readonly database: IDBDatabase) {}

  static async open(name = "exact-outbox"): Promise<IndexedStorage> {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(STORE, { keyPath: "id" }).createIndex("scope", "scope");
    };
    return new IndexedStorage(await done(request));
  }

  async load(scope: string): Promise<Entry[]> {
    const index = this.database.transaction(STORE).objectStore(STORE).index("scope");
    const entries = (await done(index.getAll(scope))) as Entry[];
    return entries.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async put(...entries: readonly Entry[]): Promise<void> {
    await this.write((store) => entries.forEach((entry) => store.put(entry)));
  }

  async delete(...entries: readonly Entry[]): Promise<void> {
    await this.write((store) => entries.forEach((entry) => store.delete(entry.id)));
  }

  close(): void {
    this.database.close();
  }

  /** One transaction. */
  private write(deed: (store: IDBObjectStore) => void): Promise<void> {
    const transaction = this.database.transaction(STORE, "readwrite");
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error("IndexedDB refused"));
      try {
        deed(transaction.objectStore(STORE));
      } catch (problem) {
        transaction.abort();
        reject(problem);
      }
    });
  }
}

/** Keeps nothing over a reload; the page warns before it is left. */
export class MemoryStorage implements OutboxStorage {
  readonly durable = false;

  async load(): Promise<Entry[]> {
    return [];
  }

  async put(): Promise<void> {}

  async delete(): Promise<void> {}
}

/** The best the browser offers: private windows and full disks refuse IndexedDB. */
export async function openStorage(): Promise<OutboxStorage> {
  try {
    return await IndexedStorage.open();
  } catch (problem) {
    console.warn("Unsent changes will not survive a reload:", problem);
    return new MemoryStorage();
  }
}
