// The admin API. Problems come back as an ApiError that holds the whole problem document.

import { forget, ready, renew } from "./signin.js";
import { api as texts } from "./texts/shell.js";

const MOST_PATIENCE = 3; // seconds until a read is tried once more
const NOTHING_THERE = "There is nothing at this address.";

export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {Problem} problem
   */
  constructor(status, problem) {
    super(wordsOf(status, problem));
    this.status = status;
    this.problem = problem;
  }

  /** Whether this deployment lacks the route altogether. */
  get absent() {
    return this.status === 404 && (this.problem.detail === NOTHING_THERE || !this.problem.detail);
  }
}

/**
 * @param {number} status
 * @param {Problem} problem
 * @returns {string}
 */
function wordsOf(status, problem) {
  if (problem.detail === NOTHING_THERE) return texts.notInThisVersion;
  if (status === 422 && problem.errors?.length) return problem.errors.map((each) => each.message).join(" ");
  return problem.detail || problem.title || texts.answers(status);
}

/**
 * The answer's body. `query` leaves out what is empty.
 * @template {string} P
 * @param {P} path
 * @param {Record<string, any>} [query]
 * @returns {Promise<Api.ReadAnswer<P>>}
 */
export async function read(path, query = {}) {
  return (await call("GET", path + search(query))).body;
}

/**
 * @template {string} P
 * @param {P} path
 * @param {object} [body]
 * @param {string} [method]
 * @returns {Promise<Api.SendAnswer<P>>}
 */
export async function send(path, body, method = "POST") {
  return (await call(method, path, JSON.stringify(body ?? {}))).body;
}

/**
 * All items of a list, page by page, up to `most`.
 * @template {string} P
 * @param {P} path
 * @param {Record<string, any>} [query]
 * @param {number} [most]
 * @returns {Promise<Api.ReadAnswer<P>["items"]>}
 */
export async function readAll(path, query = {}, most = 5000) {
  const items = [];
  let cursor = null;
  do {
    /** @type {any} */
    const page = await read(path, { limit: 100, ...query, cursor });
    items.push(...page.items);
    cursor = page.cursor;
  } while (cursor && items.length < most);
  return items;
}

/** @param {number} id */
const campaignPath = (id) => `/api/campaigns/${encodeURIComponent(id)}`;

/**
 * The settings as `body`, and their version as `etag`.
 * @param {number} id
 * @returns {Promise<{ body: Api.CampaignSettings, etag: string | null }>}
 */
export const readCampaign = (id) => call("GET", campaignPath(id));

/**
 * `etag` null: the campaign is new. Answers the saved version and its `etag`.
 * @param {number} id
 * @param {object} settings
 * @param {string | null} etag
 * @returns {Promise<{ body: Api.Saved, etag: string | null }>}
 */
export const saveCampaign = (id, settings, etag) =>
  call("PUT", campaignPath(id), JSON.stringify(settings), etag ? { "If-Match": etag } : { "If-None-Match": "*" });

/**
 * Says with `etag` which version was looked at.
 * @param {number} id
 * @param {string} etag
 */
export const deleteCampaign = (id, etag) => call("DELETE", campaignPath(id), undefined, { "If-Match": etag });

/** @param {Record<string, any>} query */
export function search(query) {
  const parts = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "" && value !== false);
  return parts.length ? `?${new URLSearchParams(parts)}` : "";
}

/**
 * @param {string} method
 * @param {string} path
 * @param {string} [body]
 * @param {Record<string, string>} [headers]
 * @param {boolean} [isLast]
 * @returns {Promise<{ body: any, etag: string | null }>}
 */
async function call(method, path, body, headers = {}, isLast = false) {
  const session = await ready();
  const response = await fetch(path, {
    method,
    body,
    headers: {
      ...headers,
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      Authorization: `Bearer ${session?.token ?? ""}`,
    },
  }).catch(() => {
    throw new ApiError(0, { detail: texts.unreachable });
  });
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return { body: answer, etag: response.headers.get("ETag") };
  if (response.status === 503 && method === "GET" && !isLast) {
    await new Promise((later) => setTimeout(later, 1000 * Math.min(Number(response.headers.get("Retry-After")) || 1, MOST_PATIENCE)));
    return call(method, path, body, headers, true);
  }
  if (response.status === 401) {
    if (!isLast && (await renew())) return call(method, path, body, headers, true);
    forget();
    throw new ApiError(401, { detail: texts.signInHasEnded });
  }
  throw new ApiError(response.status, answer);
}
