// Asks the API as the person who is logged in; renews their session once when it has ended.

import type { Operations } from "@/shared/api/schema";
import { fieldSentence, sentence } from "@/shared/i18n/problems";
import { words } from "@/shared/settings";

type Empty = Record<never, never>;
type Parts<O extends { path: unknown; query: unknown; body: unknown }> = ([O["path"]] extends [undefined]
  ? Empty
  : { path: O["path"] }) &
  ([O["query"]] extends [undefined] ? Empty : { query?: O["query"] }) &
  ([O["body"]] extends [undefined]
    ? Empty
    : undefined extends O["body"]
      ? { body?: O["body"] }
      : { body: O["body"] }) & { signal?: AbortSignal; headers?: Record<string, string> };
type Rest<O extends { path: unknown; query: unknown; body: unknown }> =
  Empty extends Parts<O> ? [parts?: Parts<O>] : [parts: Parts<O>];

interface ErrorBody {
  code: string;
  message: string;
  details: Record<string, unknown>;
  request_id: string;
}

/** An answer that is an error, as every door of the platform gives it. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: Record<string, unknown>,
    readonly requestId: string,
  ) {
    super(message);
  }

  /** What the API answered, in the language that is shown. */
  static from(
    status: number,
    {
      code,
      message,
      details = {},
      request_id = "",
    }: Pick<ErrorBody, "code" | "message"> & Partial<ErrorBody>,
  ): ApiError {
    return new ApiError(status, code, sentence(code, details, message), details, request_id);
  }

  /** Messages by field, where the error has any. */
  get fields(): Record<string, string> {
    const errors = this.details.errors;
    if (typeof errors !== "object" || errors === null) return {};
    const reasons = (this.details.reasons ?? {}) as Record<string, unknown>;
    return Object.fromEntries(
      Object.entries(errors as Record<string, unknown>)
        .filter((pair): pair is [string, string] => typeof pair[1] === "string")
        .map(([name, said]) => [name, fieldSentence(reasons[name], said)]),
    );
  }
}

let renewing: Promise<boolean> | null = null;
let onLoggedOut: () => void = () => {};

/** Say what happens when a session has ended for good. */
export function whenLoggedOut(act: () => void): void {
  onLoggedOut = act;
}

/** Get the next access cookie; several that ask at once share one request. */
export function renewSession(): Promise<boolean> {
  renewing ??= fetch("/api/v1/auth/refresh", { method: "POST" })
    .then((answer) => answer.ok)
    .catch(() => false)
    .finally(() => {
      renewing = null;
    });
  return renewing;
}

async function send(url: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(url, request);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "offline", words().offline.unreachable, {}, "");
  }
}

/** What the API says when nobody is logged in any more; a password or a code that is wrong is another 401. */
const SESSION_IS_OVER: ReadonlySet<string> = new Set(["auth.required", "auth.token_invalid"]);

/** Ask, and ask once more with the next session where this one has ended. */
export async function ask(url: string, request: RequestInit): Promise<Response> {
  let answer = await send(url, request);
  if (answer.ok) return answer;
  let error = await errorOf(answer);
  if (SESSION_IS_OVER.has(error.code)) {
    if (await renewSession()) {
      answer = await send(url, request);
      if (answer.ok) return answer;
      error = await errorOf(answer);
    }
    if (SESSION_IS_OVER.has(error.code)) onLoggedOut();
  }
  throw error;
}

async function errorOf(answer: Response): Promise<ApiError> {
  const text = await answer.text();
  try {
    return ApiError.from(answer.status, JSON.parse(text));
  } catch {
    return new ApiError(answer.status, "unknown", words().errors.noAnswer(answer.status), {}, "");
  }
}

/** Call an operation of the API by its method and path; throws ApiError. */
export async function api<K extends keyof Operations>(
  operation: K,
  ...[parts]: Rest<Operations[K]>
): Promise<Operations[K]["answer"]> {
  const [method = "GET", template = ""] = operation.split(" ");
  const given = (parts ?? {}) as {
    path?: Record<string, unknown>;
    query?: Record<string, unknown>;
    body?: unknown;
    signal?: AbortSignal;
    headers?: Record<string, string>;
  };
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(given.path?.[name])),
  );
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(given.query ?? {}))
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined && one !== null && one !== "") query.append(name, String(one));
  const answer = await ask(query.size > 0 ? `${path}?${query}` : path, {
    method,
    signal: given.signal ?? null,
    headers: {
      ...(given.body === undefined ? {} : { "content-type": "application/json" }),
      ...given.headers,
    },
    body: given.body === undefined ? null : JSON.stringify(given.body),
  });
  const text = await answer.text();
  return (text ? JSON.parse(text) : undefined) as Operations[K]["answer"];
}
