// A person's way, step by step.

import { common } from "../parts/texts/common.js";
import { trial as texts } from "../parts/texts/trial.js";
import { html } from "../parts/view.js";

/**
 * Whether the person has arrived, in the words of the person's state; empty: not yet.
 * @param {Person | null} found
 */
export const arrivedWords = (found) => (found && texts.arrived[found.state]) || "";

/** @param {Person | null} found */
export const waitingWords = (found) => arrivedWords(found) || (found ? found.reason || texts.goesWithinSeconds : "");

/**
 * `rows`: whether it is done, what, and in which words.
 * @param {any[][]} rows
 * @param {Part} [last]
 */
export function stepList(rows, last = null) {
  const items = rows.map(
    ([done, what, words]) => html`
      <li class=${done ? "done" : ""}>
        <span class="tick" aria-hidden="true">${done ? "✓" : ""}</span>
        <div><span class="unseen">${done ? common.done : common.toDo}</span><strong>${what}</strong><div class="soft">${words}</div></div>
      </li>`,
  );
  return html`<ol class="checklist">${items}${last ? html`<li>${last}</li>` : null}</ol>`;
}

/** @param {Person | null} found */
export const contactLink = (found) => (found?.contact_url ? html`<a href=${found.contact_url} target="_blank" rel="noreferrer">${common.openContact}</a>` : null);
