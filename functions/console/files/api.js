// The admin API. Problems come back as an ApiError that holds the whole problem document.

import { current, forget } from "./signin.js";

export class ApiError extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `The API answers ${status}.`);
    this.status = status;
    this.problem = problem;
  }
}

/** Every campaign, page by page. */
export async function listCampaigns() {
  const items = [];
  let cursor = null;
  do {
    const { body } = await call("GET", `/api/campaigns?limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
    items.push(...body.items);
    cursor = body.cursor;
  } while (cursor);
  return items;
}

/** The settings as `body`, and their version as `etag`. */
export const readCampaign = (id) => call("GET", `/api/campaigns/${encodeURIComponent(id)}`);

/** `text` is sent as it was typed. `etag` null: the campaign is new. */
export const saveCampaign = (id, text, etag) =>
  call("PUT", `/api/campaigns/${encodeURIComponent(id)}`, text, etag ? { "If-Match": etag } : { "If-None-Match": "*" });

async function call(method, path, body, headers = {}) {
  const response = await fetch(path, {
    method,
    body,
    headers: {
      ...headers,
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      Authorization: `Bearer ${current()?.token ?? ""}`,
    },
  }).catch(() => {
    throw new ApiError(0, { detail: "The API cannot be reached. Nothing was saved." });
  });
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return { body: answer, etag: response.headers.get("ETag") };
  if (response.status === 401) {
    forget();
    throw new ApiError(401, { detail: "Your sign-in has ended. Please sign in again." });
  }
  throw new ApiError(response.status, answer);
}
