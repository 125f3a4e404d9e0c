// Small parts of the page Connection.

import { button, make, say } from "../parts/dom.js";
import { ask } from "../parts/dialog.js";
import { address, badge, moment } from "../parts/words.js";
import { common } from "../parts/texts/common.js";
import { connectionParts as texts } from "../parts/texts/connection.js";
import { html } from "../parts/view.js";

/**
 * `[name, value]` pairs; those without a value are left out.
 * @param {Part[][]} rows
 */
export function facts(rows) {
  const shown = rows.filter(([, value]) => value);
  return html`<dl class="facts">${shown.map(([name, value]) => [html`<dt>${name}</dt>`, html`<dd>${value}</dd>`])}</dl>`;
}

/**
 * Puts a text into the clipboard; where the browser does not let us, `element` with the text is marked.
 * @param {string} label
 * @param {string} text
 * @param {HTMLElement | null} [element]
 */
export async function copy(label, text, element = null) {
  try {
    await navigator.clipboard.writeText(text);
    say(texts.copied(label));
  } catch {
    if (!element) return void (await ask(label, make("pre", { className: "scroll", tabIndex: 0 }, text), [[common.close, null]]));
    getSelection()?.selectAllChildren(element);
    say(texts.selected);
  }
}

/**
 * A text to copy, with its button.
 * @param {string} label
 * @param {string} text
 */
export function copyable(label, text) {
  const code = make("code", {}, address(text));
  const press = button(texts.copy, () => copy(label, text, code), { className: "small", "aria-label": texts.copyOf(label) });
  return make("div", { className: "copy" }, make("span", { className: "copy-label" }, label), code, press);
}

/** @param {Api.BreakerAnswer | null} breaker */
export function stopped(breaker) {
  if (!breaker || breaker.kind === "disconnected") return null;
  const until = breaker.until ? make("span", {}, texts.until, moment(breaker.until)) : texts.untilSomebodyEndsIt;
  return make("p", { className: "soft" }, texts.stoppedSince, moment(breaker.since), until, ".");
}

/**
 * When a webhook last came; the light says it in words too.
 * @param {number | null | undefined} receivedAt
 */
export function light(receivedAt) {
  return receivedAt ? html`<span>${badge([texts.received, "good"])} ${moment(receivedAt, true)}</span>` : badge([texts.noneYet, "quiet"]);
}
