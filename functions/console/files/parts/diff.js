// Two versions of settings side by side: only what differs, each place in words.

import { diff as texts } from "./texts/shell.js";
import { html, table } from "./view.js";

/**
 * `sync.mapping[2].to` → value, for every value in the document.
 * @param {any} value
 * @param {string} [place]
 * @param {Map<string, any>} [found]
 * @returns {Map<string, any>}
 */
function flat(value, place = "", found = new Map()) {
  if (Array.isArray(value) && value.every((each) => typeof each !== "object")) found.set(place, value.join(", "));
  else if (Array.isArray(value)) value.forEach((each, index) => flat(each, `${place}[${index + 1}]`, found));
  else if (value && typeof value === "object") for (const [name, each] of Object.entries(value)) flat(each, place ? `${place}.${name}` : name, found);
  else found.set(place, value);
  return found;
}

/**
 * @param {object} before
 * @param {object} after
 * @returns {Array<[place: string, old: any, fresh: any]>}
 */
export function differences(before, after) {
  const [old, fresh] = [flat(before), flat(after)];
  const places = [...new Set([...old.keys(), ...fresh.keys()])];
  const empty = (/** @type {unknown} */ value) => value === undefined || value === null || value === "";
  return places.filter((place) => old.get(place) !== fresh.get(place) && !(empty(old.get(place)) && empty(fresh.get(place)))).map((place) => [place, old.get(place), fresh.get(place)]);
}

/**
 * @param {object} before
 * @param {object} after
 * @param {string[]} heads
 */
export function diffTable(before, after, heads) {
  const rows = differences(before, after).map(([place, old, fresh]) => [wordsOf(place), show(old, "del"), show(fresh, "ins")]);
  if (!rows.length) return html`<p class="soft">${texts.nothingDiffers}</p>`;
  return table(texts.whatDiffers, [texts.setting, ...heads], rows);
}

/**
 * @param {unknown} value
 * @param {"del" | "ins"} tag
 */
const show = (value, tag) => (value === undefined || value === null || value === "" ? "–" : html`<${tag}>${String(value)}<//>`);

/** @param {string} place */
const wordsOf = (place) => place.replaceAll("custom_attributes.", "").replaceAll("_", " ").replaceAll(".", " › ").replaceAll("[", " ").replaceAll("]", "");
