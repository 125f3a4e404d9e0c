// Parts that renew themselves are templates: Preact changes what differs, so that focus, scrolling and what was opened stay.

import { html, render } from "../vendor/preact.js";
import { pressed } from "./dom.js";
import { dom as texts } from "./texts/shell.js";

export { html, render };

/**
 * A part of a page under a heading of its own, which tells it from the others.
 * @param {string} title
 * @param {...Part} parts
 */
export const card = (title, ...parts) => html`<section key=${title} class="card"><h2>${title}</h2>${parts}</section>`;

const NUMBER = /^[\d.,\u00a0\u202f]+$|^–$/;
const isNumbers = (/** @type {Part[]} */ column) => column.every((part) => NUMBER.test(String(part))) && column.some((part) => part !== "–");

/**
 * A table; a column of numbers stands to the right. On a telephone each row becomes a block whose cells name their columns. `given`: properties of the rows, a key for those that change their places.
 * @param {string} caption
 * @param {Part[]} heads
 * @param {Part[][]} rows
 * @param {Array<Record<string, any>>} [given]
 */
export function table(caption, heads, rows, given = []) {
  // The roles are what these elements are anyway; as blocks they would lose them.
  const kindOf = heads.map((_, index) => (isNumbers(rows.map((cells) => cells[index])) ? "number" : ""));
  const head = heads.map((part, index) => html`<th scope="col" role="columnheader" class=${kindOf[index]}>${part || html`<span class="unseen">${texts.more}</span>`}</th>`);
  const cell = (/** @type {Part} */ part, /** @type {number} */ index) => html`<td role="cell" class=${kindOf[index]} data-head=${typeof heads[index] === "string" && heads[index] ? heads[index] : null}>${part}</td>`;
  const body = rows.map((cells, index) => html`<tr role="row" ...${given[index]}>${cells.map(cell)}</tr>`);
  return html`
    <div class="scroll" tabindex="0" role="group" aria-label=${caption}>
      <table role="table">
        <caption class="unseen">${caption}</caption>
        <thead role="rowgroup"><tr role="row">${head}</tr></thead>
        <tbody role="rowgroup">${body}</tbody>
      </table>
    </div>`;
}

/**
 * A button that cannot be pressed twice while its work runs; what goes wrong is shown in words.
 * @param {string} text
 * @param {() => unknown} action
 * @param {Record<string, any>} [properties]
 */
export const button = (text, action, properties = {}) =>
  html`<button key=${text} type="button" ...${properties} onClick=${(/** @type {any} */ { currentTarget }) => pressed(currentTarget, action)}>${text}</button>`;
