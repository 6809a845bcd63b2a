/** What the pages ask of the server, each question one function. */

import { request, Refusal } from "../api/client";
import type { Undone } from "../api/history";
import { reached, unreachable } from "./connection";
import type {
  Accepted,
  Account,
  Activity,
  AnnotationType,
  CacheState,
  DatasetVersion,
  Delivery,
  Export,
  ExportFormat,
  Image,
  ImageSet,
  Import,
  ImportProblem,
  Listing,
  Me,
  Membership,
  Product,
  Progress,
  Token,
  User,
} from "./shapes";

const API = "/api/v1";
const PAGE = 200;

/** A new idempotency key; crypto.randomUUID is not there on plain http. */
export function newKey(): string {
  const hex = [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** One request; what is not the server's own refusal is a broken connection, and the banner says so. */
async function ask<T>(method: string, url: string, body?: unknown, headers?: Record<string, string>): Promise<T> {
  try {
    const answer = await request<T>(method, url, body, headers);
    reached();
    return answer;
  } catch (error) {
    if (error instanceof Refusal) reached();
    else unreachable();
    throw error;
  }
}

const get = <T>(url: string): Promise<T> => ask<T>("GET", url);

/** Keys of wishes that were sent and never answered: the same wish again has the same key, and is not done twice. */
const unanswered = new Map<string, string>();

async function post<T>(url: string, body: unknown): Promise<T> {
  const wish = `${url} ${JSON.stringify(body)}`;
  const key = unanswered.get(wish) ?? newKey();
  unanswered.set(wish, key);
  try {
    const answer = await ask<T>("POST", url, body, { "Idempotency-Key": key });
    unanswered.delete(wish);
    window.dispatchEvent(new Event("exact-granted"));
    return answer;
  } catch (error) {
    if (error instanceof Refusal) unanswered.delete(wish);
    throw error;
  }
}

/** All pages of a listing, one after the other. */
async function all<T>(url: string): Promise<T[]> {
  const found: T[] = [];
  for (;;) {
    const separator = url.includes("?") ? "&" : "?";
    const page = await get<Listing<T>>(`${url}${separator}limit=${PAGE}&offset=${found.length}`);
    found.push(...page.results);
    if (found.length >= page.count || page.results.length === 0) return found;
  }
}

export const command = (name: string, fields: Record<string, unknown>): Promise<Accepted> =>
  post<Accepted>(`${API}/commands/`, { command: name, ...fields });

/** Takes back what a command did. */
export const undo = (command_id: string): Promise<Undone> => post(`${API}/commands/`, { command: "Undo", command_id });

export const me = (): Promise<Me> => get(`${API}/me/`);
export const imageSets = (): Promise<ImageSet[]> => all(`${API}/images/image_sets/`);
export const imageSet = (number: number): Promise<ImageSet> => get(`${API}/images/image_sets/${number}/`);
export const images = (set: number): Promise<Image[]> => all(`${API}/images/images/?image_set=${set}&omit=annotations`);
export const image = (number: number): Promise<Image> => get(`${API}/images/images/${number}/?omit=annotations`);

/** The products of a team with their types, in the order in which they are offered; withdrawn types are left out. */
export async function products(team: number): Promise<Product[]> {
  const found = await all<Product>(`${API}/administration/products/?team=${team}&expand=annotationtype_set`);
  return found.map((product) => ({ ...product, annotationtype_set: offered(product.annotationtype_set) }));
}

const offered = (types: AnnotationType[]): AnnotationType[] =>
  types.filter((type) => !type.withdrawn).sort((a, b) => a.sort_order - b.sort_order || a.id - b.id);

export const memberships = (team: number): Promise<Membership[]> =>
  all(`${API}/users/team_membership/?team=${team}&expand=user`);

export const progress = (set: number, min_position?: number): Promise<Progress> =>
  get(`${API}/images/image_sets/${set}/progress/${min_position ? `?min_position=${min_position}` : ""}`);

export async function activity(
  of: { image_set?: number; team?: number },
  limit: number,
  before?: number,
): Promise<Activity[]> {
  const query = new URLSearchParams(
    Object.entries({ ...of, limit, ...(before === undefined ? {} : { before }) }).map(([key, value]) => [key, String(value)]),
  );
  return (await get<Listing<Activity>>(`${API}/activity/?${query}`)).results;
}

/** The person with exactly this user name or mail address, or null. */
export async function findUser(nameOrMail: string): Promise<User | null> {
  const field = nameOrMail.includes("@") ? "email" : "username";
  const page = await get<Listing<User>>(`${API}/users/users/?${field}=${encodeURIComponent(nameOrMail)}`);
  return page.results[0] ?? null;
}

export const versions = (set: number): Promise<DatasetVersion[]> => all(`${API}/datasets/versions/?image_set=${set}`);
export const freeze = (name: string, image_sets: number[], description: string): Promise<DatasetVersion> =>
  post(`${API}/datasets/versions/`, { name, image_sets, description });
export const withdrawVersion = (number: number, reason: string): Promise<unknown> =>
  post(`${API}/datasets/versions/${number}/withdraw/`, { reason });
export const formats = async (): Promise<ExportFormat[]> => {
  const answer = await get<ExportFormat[] | Listing<ExportFormat>>(`${API}/datasets/formats/`);
  return Array.isArray(answer) ? answer : answer.results;
};
export const startExport = (version: number, format: string): Promise<Export> =>
  post(`${API}/datasets/exports/`, { version, format });
export const exportsOf = (version: number): Promise<Export[]> => all(`${API}/datasets/exports/?version=${version}`);
export const exportState = (id: string): Promise<Export> => get(`${API}/datasets/exports/${id}/`);

const IMPORTS = `${API}/annotations/imports`;
export const importsOf = (set: number, limit: number): Promise<Listing<Import>> =>
  get(`${IMPORTS}/?image_set=${set}&limit=${limit}`);
export const importState = (id: string): Promise<Import> => get(`${IMPORTS}/${id}/`);
export const importProblems = (id: string, limit: number): Promise<Listing<ImportProblem> & { total: number }> =>
  get(`${IMPORTS}/${id}/problems/?limit=${limit}`);
export const moveImport = (id: string, how: "cancel" | "undo" | "restore"): Promise<Import> =>
  post(`${IMPORTS}/${id}/${how}/`, {});

const DELIVERIES = `${API}/images/deliveries`;
export const deliveriesInto = (set: number): Promise<Listing<Delivery>> =>
  get(`${DELIVERIES}/?image_set=${set}&limit=20`);
export const deliveryState = (id: string): Promise<Delivery> => get(`${DELIVERIES}/${id}/`);
export const moveDelivery = (id: string, how: "start" | "cancel"): Promise<Delivery> =>
  ask("POST", `${DELIVERIES}/${id}/${how}/`, {});
/** Which of these contents the set has already, by hash. */
export const knownContents = (
  image_set: number,
  sha256: string[],
): Promise<Record<string, { image: number; name: string }>> => ask("POST", `${DELIVERIES}/known/`, { image_set, sha256 });

export const tokens = (): Promise<Token[]> => all("/users/api/tokens/");
export const createToken = (name: string, expires_at: string | null): Promise<Token & { token: string }> =>
  post("/users/api/tokens/", expires_at ? { name, expires_at } : { name });
export const revokeToken = (id: number): Promise<unknown> => post(`/users/api/tokens/${id}/revoke/`, {});
export const changeName = (id: number, fields: Record<string, string>): Promise<User> =>
  ask("PATCH", `${API}/users/users/${id}/`, fields);
export const changePassword = (fields: Record<string, string>): Promise<unknown> =>
  ask("POST", "/account/password/", fields);

export const accounts = (): Promise<Account[]> => all(`${API}/users/users/`);
export const addAccount = (fields: Record<string, string>): Promise<Account & { password?: string }> =>
  ask("POST", `${API}/users/users/`, fields);
export const switchAccount = (id: number, active: boolean): Promise<Account> =>
  ask("POST", `${API}/users/users/${id}/${active ? "activate" : "deactivate"}/`, {});
export const cache = (): Promise<CacheState> => ask("GET", `${API}/cache/`);
export const clearCache = (): Promise<CacheState> => ask("POST", `${API}/cache/clear/`, {});
export const liftStrikes = (sha256: string): Promise<CacheState> => ask("POST", `${API}/cache/lift/`, { sha256 });
export const renewPassword = (id: number): Promise<{ password: string }> =>
  ask("POST", `${API}/users/users/${id}/password/`, {});

/** The sentence to show for whatever went wrong. */
export function sentence(error: unknown): string {
  if (error instanceof Refusal) return error.detail || "The server refused this, and gave no reason.";
  return "The server could not be reached. Check the network and try again; nothing is done twice.";
}

/** What a refusal says about each of these fields. */
export function problemsOf(error: unknown, fields: string[]): Record<string, string> {
  const body = error instanceof Refusal ? error.body : {};
  const named = fields.filter((field) => Array.isArray(body[field]));
  return Object.fromEntries(named.map((field) => [field, (body[field] as unknown[]).join(" ")]));
}

export const status = (error: unknown): number => (error instanceof Refusal ? error.status : 0);

/** A refusal that the page itself gives, shown like one of the server. */
export const ownRefusal = (detail: string): Refusal => new Refusal(400, "page", detail);
