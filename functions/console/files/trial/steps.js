// A person's way, step by step.

import { link, make } from "../parts/dom.js";
import { common } from "../parts/texts/common.js";
import { trial as texts } from "../parts/texts/trial.js";

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
 * @param {HTMLElement | null} [last]
 */
export function stepList(rows, last = null) {
  const items = rows.map(([done, what, words]) =>
    make("li", { className: done ? "done" : "" }, make("span", { className: "tick", "aria-hidden": "true" }, done ? "✓" : ""), make("div", {}, make("span", { className: "unseen" }, done ? common.done : common.toDo), make("strong", {}, what), make("div", { className: "soft" }, words))),
  );
  return make("ol", { className: "checklist" }, ...items, ...(last ? [make("li", {}, last)] : []));
}

/** @param {Person | null} found */
export const contactLink = (found) => (found?.contact_url ? link(common.openContact, found.contact_url, { target: "_blank", rel: "noreferrer" }) : null);
