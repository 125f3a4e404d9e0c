// What settings are chosen from: Intercom's attributes and lists, Referral Factory's campaigns. Read once, refreshed on demand.

import { read, send } from "./api.js";
import { ask } from "./dialog.js";
import { make } from "./dom.js";
import { field, input, select } from "./form.js";
import { TYPE_NAMES } from "./texts/fields.js";
import { common } from "./texts/common.js";
import { workspace as texts } from "./texts/shell.js";

const ATTRIBUTES = "/api/attributes";
const LAST = "attributes"; // in the tab's storage: those that came last, for while Intercom is down
const kept = new Map();

/**
 * @param {string} path
 * @param {(answer: any) => any} [items]
 * @returns {Promise<any>}
 */
function once(path, items = (answer) => answer.items) {
  if (!kept.has(path)) {
    const promise = read(path).then(items);
    promise.catch(() => kept.delete(path));
    kept.set(path, promise);
  }
  return kept.get(path);
}

/** @returns {Promise<Api.ListAnswer[]>} */
export const segments = () => once("/api/segments");
/** @returns {Promise<Api.ListAnswer[]>} */
export const tags = () => once("/api/tags");
/** @returns {Promise<Api.FactoryCampaign[]>} */
export const factoryCampaigns = () => once("/api/connection/referral-factory/campaigns");

/** The schemas of the API's description by name. */
export const description = () => once("/api/openapi.json", (answer) => answer.components.schemas);

/** Everything is read again at the next use: a vendor was connected or disconnected. */
export function forgetAll() {
  kept.clear();
  sessionStorage.removeItem(LAST);
}
export const forgetLists = () => ["/api/segments", "/api/tags"].forEach((path) => kept.delete(path));

/**
 * The workspace's attributes; `problem` instead of a throw, since settings can be edited with those that came last, `at`.
 * @param {boolean} [refresh]
 * @returns {Promise<{ items: Api.AttributeAnswer[], problem: string, at?: number }>}
 */
export async function loadAttributes(refresh = false) {
  const isNew = refresh || !kept.has(ATTRIBUTES);
  try {
    if (refresh) kept.set(ATTRIBUTES, Promise.resolve((await read(ATTRIBUTES, { refresh: true })).items));
    const items = await once(ATTRIBUTES);
    if (isNew) sessionStorage.setItem(LAST, JSON.stringify({ items, at: Date.now() / 1000 }));
    return { items, problem: "" };
  } catch (/** @type {any} */ error) {
    if (error.status === 401 || error.status === undefined) throw error;
    const last = JSON.parse(sessionStorage.getItem(LAST) ?? "null");
    return { items: last?.items ?? [], at: last?.at, problem: error.message };
  }
}

/**
 * `custom_attributes.referral_link` → `referral_link`.
 * @param {string} name
 */
export const shortName = (name) => name.replace(/^custom_attributes\./, "");

/**
 * @param {string} name
 * @param {string} dataType
 * @param {string[]} [options]
 */
export async function create(name, dataType, options = []) {
  const made = await send("/api/attributes", { name, data_type: dataType, options });
  await loadAttributes(true);
  return made;
}

/**
 * Asks for a new attribute and creates it in Intercom; null when the person changed their mind.
 * @param {string} [suggested]
 * @param {string} [type]
 */
export function askNewAttribute(suggested = "", type = "string") {
  const wanted = { name: suggested, type, options: "" };
  const name = field(texts.name, input(wanted.name, (value) => (wanted.name = value), { required: true }), { hint: texts.nameHint });
  const choices = make("textarea", { rows: 4 });
  const options = field(texts.options, choices);
  options.hidden = wanted.type !== "options";
  const kinds = select(wanted.type, Object.entries(TYPE_NAMES), (value) => {
    wanted.type = value;
    options.hidden = value !== "options";
  });
  const content = [name, field(texts.type, kinds, { hint: texts.typeHint }), options];
  return ask(
    texts.createTitle,
    content,
    [
      [common.cancel, null],
      [texts.createIt, true, "first"],
    ],
    async (value) => {
      if (!value) return null;
      const lines = choices.value.split("\n").map((line) => line.trim()).filter(Boolean);
      return create(wanted.name.trim(), wanted.type, wanted.type === "options" ? lines : []);
    },
  );
}
