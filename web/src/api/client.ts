/** The one door to the server. Paths and parameters are those of its own OpenAPI document: drift does not compile. */
import createClient from "openapi-fetch";
import type { PathsWithMethod } from "openapi-typescript-helpers";
import type { paths } from "./schema";
import { place } from "../place";
import { keepsHistory } from "./history";
import { noAnswer, Problem, problemOf } from "./problem";

const client = createClient<paths>({ baseUrl: "" });

/** Where the log stood after a command of ours: the next read waits until the read models have come so far. */
let written = 0;
const AFTER = "min_position";

client.use({
  onRequest({ request, schemaPath }) {
    const address = new URL(request.url);
    if (request.method !== "GET" || !written || !/^.api.v1./.test(schemaPath) || address.searchParams.has(AFTER)) return undefined;
    address.searchParams.set(AFTER, String(written));
    return new Request(address, request);
  },
  onResponse({ request, response }) {
    if (request.method !== "GET") written = Math.max(written, Number(response.headers.get("X-Event-Position") ?? 0));
    else if (request.url.includes(`${AFTER}=${written}`)) written = 0; // also where it was waited for in vain
    return undefined;
  },
});

export type GetPath = PathsWithMethod<paths, "get">;
export type PostPath = PathsWithMethod<paths, "post">;
export type DeletePath = PathsWithMethod<paths, "delete">;
type Said<P extends GetPath> = paths[P] extends { get: { parameters: infer Q } } ? Q : never;
type Parameters<P extends GetPath> = Pick<Said<P>, Extract<keyof Said<P>, "path" | "query">>;

/** A read that has a name: the same question asked twice is one request. */
export interface Question<T> {
  key: string;
  ask(signal?: AbortSignal): Promise<T>;
}

/** Looking at the past, what is kept with its history is asked as it was then. */
function asOf<P extends GetPath>(path: P, params: Parameters<P> | undefined): Parameters<P> | undefined {
  const event = place.value.query.as_of_event;
  if (!event || !keepsHistory(path)) return params;
  const said = (params ?? {}) as { query?: object };
  return { ...said, query: { ...said.query, as_of_event: Number(event) } } as unknown as Parameters<P>;
}

export function question<T, P extends GetPath = GetPath>(path: P, asked?: Parameters<P>): Question<T> {
  const params = asOf(path, asked);
  return {
    key: `${path} ${JSON.stringify(params ?? {})}`,
    async ask(signal) {
      const init = { params, signal };
      return told<T>(() => (client.GET as (path: P, init: unknown) => Promise<Told>)(path, init));
    },
  };
}

/** The rows of one page of a list, with the address of the next. */
export interface Page<T> {
  rows: T[];
  next: string | null;
  total: number | null;
}

export function pageOf<T, P extends GetPath = GetPath>(path: P, asked?: Parameters<P>): Question<Page<T>> {
  const params = asOf(path, asked);
  return {
    key: `page ${path} ${JSON.stringify(params ?? {})}`,
    async ask(signal) {
      let response: Response | undefined;
      const init = { params, signal };
      const rows = await told<T[]>(async () => {
        const said = await (client.GET as (path: P, init: unknown) => Promise<Told>)(path, init);
        response = said.response;
        return said;
      });
      const total = response?.headers.get("X-Total-Count");
      return { rows, next: cursorOf(response?.headers.get("Link") ?? null), total: total ? Number(total) : null };
    },
  };
}

export function cursorOf(header: string | null): string | null {
  const address = header?.match(/<([^>]*)>;\s*rel="next"/)?.[1];
  return address ? new URL(address, "http://page").searchParams.get("cursor") : null;
}

/** A command. The key makes a second sending harmless. */
export async function command<T, P extends PostPath = PostPath>(
  path: P,
  init: { params?: unknown; body?: unknown; key?: string } = {},
): Promise<T> {
  const headers: Record<string, string> = init.key ? { "Idempotency-Key": init.key } : {};
  const sent = { params: init.params, body: init.body, headers };
  return told<T>(() => (client.POST as (path: P, init: unknown) => Promise<Told>)(path, sent));
}

/** The end of what was defined. */
export async function drop<T, P extends DeletePath = DeletePath>(path: P, init: { params?: unknown } = {}): Promise<T> {
  return told<T>(() => (client.DELETE as (path: P, init: unknown) => Promise<Told>)(path, init));
}

/** The address of a table or of a question, to download or to copy. */
export function addressOf(path: GetPath, values: Record<string, string>, query: Record<string, string | undefined> = {}): string {
  const filled = (path as string).replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ""));
  const said = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return filled + (said.length ? `?${new URLSearchParams(said)}` : "");
}

interface Told {
  data?: unknown;
  error?: unknown;
  response: Response;
}

async function told<T>(send: () => Promise<Told>): Promise<T> {
  let said: Told;
  try {
    said = await send();
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw error instanceof Problem ? error : noAnswer();
  }
  if (!said.response.ok) throw problemOf(said.error, said.response.status, said.response.headers.get("X-Request-Id"));
  return said.data as T;
}
