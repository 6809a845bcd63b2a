/** One way to ask the server: same origin, session cookie, CSRF token, and refusals with a code and a sentence. */

/** The server understood and said no; `detail` is a sentence for people, `body` its whole answer. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly body: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail);
    this.name = "Refusal";
  }
}

/** The server could not be reached, or its answer was lost on the way. */
export class Unreachable extends Error {
  override name = "Unreachable";
}

export interface Reply<T> {
  readonly body: T;
  readonly headers: Headers;
}

/** From the cookie, or from the page where the cookie is hidden from scripts. */
export function csrfToken(): string {
  const cookie = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie);
  if (cookie?.[1]) return decodeURIComponent(cookie[1]);
  return document.querySelector<HTMLMetaElement>("meta[name=csrf-token]")?.content ?? "";
}

/** The body of the answer; throws Refusal for every 4xx and 5xx, Unreachable when there was none. */
export async function request<T>(
  method: string,
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<T> {
  return (await exchange<T>(method, url, body, headers)).body;
}

/** Like `request`, with the headers of the answer (ETag, Exact-Position). */
export async function exchange<T>(
  method: string,
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Reply<T>> {
  const response = await reach(url, {
    method,
    credentials: "same-origin",
    headers: { ...standing(method, body), ...headers },
    body: body === undefined ? null : body instanceof FormData ? body : JSON.stringify(body),
  });
  if (!response.ok) throw await refusalFrom(response);
  return { body: (await parsed(response)) as T, headers: response.headers };
}

function standing(method: string, body: unknown): Record<string, string> {
  const json: Record<string, string> =
    body === undefined || body instanceof FormData ? {} : { "Content-Type": "application/json" };
  const csrf: Record<string, string> = method === "GET" ? {} : { "X-CSRFToken": csrfToken() };
  return { Accept: "application/json", ...json, ...csrf };
}

async function reach(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (problem) {
    throw new Unreachable("The server could not be reached.", { cause: problem });
  }
}

async function parsed(response: Response): Promise<unknown> {
  if (response.status === 204 || response.status === 205) return null;
  try {
    return await response.json();
  } catch (problem) {
    throw new Unreachable("The server's answer was cut off.", { cause: problem });
  }
}

async function refusalFrom(response: Response): Promise<Refusal> {
  const answer: unknown = await response.json().catch(() => null);
  const body = (typeof answer === "object" && answer !== null ? answer : {}) as Record<string, unknown>;
  const { code, detail } = body;
  const sentence = typeof detail === "string" && detail ? detail : fieldProblems(body) || inWords(response.status);
  return new Refusal(response.status, typeof code === "string" ? code : `http_${response.status}`, sentence, body);
}

/** Django REST framework answers a bad form with {"field": ["sentence"]}. */
function fieldProblems(details: Record<string, unknown>): string {
  const lists = Object.entries(details).filter((pair): pair is [string, string[]] => Array.isArray(pair[1]));
  return lists.map(([field, sentences]) => `${field}: ${sentences.join(" ")}`).join(" ");
}

function inWords(status: number): string {
  if (status === 403) return "You are signed out, or this is not yours to see.";
  if (status === 404) return "There is no such thing here.";
  if (status >= 500) return "The server has a problem; nothing was changed.";
  return `The server refused this (${status}).`;
}
