/** The query service, asked with the session's cookie. */

export interface Meta {
  fresh_through?: string;
  lag_seconds?: number;
  rows_read?: number;
  elapsed?: number;
  warnings?: string[];
}

export interface Answer<Data> {
  data: Data;
  meta: Meta;
}

interface Wrong {
  error?: string;
  message?: string;
  details?: { field: string; message: string }[];
}

/** Why there is no answer. `message` is for people; status 0: nothing was reached. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly details: { field: string; message: string }[] = [],
  ) {
    super(message);
  }
}

export async function get<Data>(path: string, parameters: Record<string, string> = {}, signal?: AbortSignal): Promise<Answer<Data>> {
  const query = new URLSearchParams(parameters).toString();
  return read(await send(query ? `${path}?${query}` : path, { signal }));
}

export async function post<Data>(path: string, body: unknown, signal?: AbortSignal): Promise<Answer<Data>> {
  return read(await send(path, with_("POST", body, signal)));
}

export async function patch<Data>(path: string, body: unknown): Promise<Answer<Data>> {
  return read(await send(path, with_("PATCH", body)));
}

export async function remove<Data>(path: string): Promise<Answer<Data>> {
  return read(await send(path, { method: "DELETE" }));
}

/** The document as it came, for routes whose answer is not `{data, meta}`. */
export async function raw<Document>(path: string, body: unknown, signal?: AbortSignal): Promise<Document> {
  return (await (await send(path, with_("POST", body, signal))).json()) as Document;
}

function with_(method: string, body: unknown, signal?: AbortSignal): RequestInit {
  return { method, body: JSON.stringify(body), headers: { "Content-Type": "application/json" }, signal };
}

async function send(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, credentials: "same-origin" });
  } catch (why) {
    if (why instanceof DOMException && why.name === "AbortError") throw why;
    throw new ApiError(0, "The service cannot be reached.");
  }
  if (response.ok) return response;
  const wrong = (await response.json().catch(() => ({}))) as Wrong;
  throw new ApiError(response.status, wrong.message ?? wrong.error ?? `The service answered ${response.status}.`, wrong.details);
}

async function read<Data>(response: Response): Promise<Answer<Data>> {
  const document = (await response.json()) as { data: Data; meta?: Meta };
  return { data: document.data, meta: document.meta ?? {} };
}
