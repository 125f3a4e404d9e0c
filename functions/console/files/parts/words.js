// Words, moments and addresses as elements.

import { when } from "./texts/numbers.js";
import { html } from "./view.js";

const SHORT_HOST = /^([^@\s/]+@)([\w.-]{1,24})$/;

/**
 * An e-mail address or a link, which is broken, where it must be, behind its signs and not in a word; of an address first behind the @.
 * @param {unknown} text
 */
export function address(text) {
  const [, name, host] = SHORT_HOST.exec(String(text)) ?? ["", String(text), ""];
  const parts = name.split(/(?<=[@./_+-])/);
  return html`<span class="address">${parts.map((part, index) => [index ? html`<wbr />` : null, part])}${host ? html`<wbr /><span class="host">${host}</span>` : null}</span>`;
}

/**
 * A small coloured word; its colour says nothing that the word does not.
 * @param {Badge} [word]
 */
export const badge = ([text, kind] = ["?", "quiet"]) => html`<span class="badge ${kind}">${text}</span>`;

/**
 * A moment in the reader's own zone; the exact one as a tooltip. `seconds` since 1970; `exactly`: to the second, for today.
 * @param {number | null | undefined} seconds
 * @param {boolean} [exactly]
 */
export function moment(seconds, exactly = false) {
  if (!seconds) return html`<span>–</span>`;
  const date = new Date(seconds * 1000);
  return html`<time datetime=${date.toISOString()} title=${date.toLocaleString()}>${when(date, exactly)}</time>`;
}
