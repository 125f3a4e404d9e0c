// A person's way, step by step.

import { link, make } from "../parts/dom.js";

const ARRIVED = {
  delivered: "The contact is in Intercom with all mapped values.",
  partial: "The contact is in Intercom, but some values were left out.",
  skipped: "Intercom had the contact before, and your settings leave it as it is.",
};

/** Whether the person has arrived, in the words of the person's state; empty: not yet. */
export const arrivedWords = (found) => ARRIVED[found?.state] ?? "";

export const waitingWords = (found) => arrivedWords(found) || (found ? found.reason || "It goes to Intercom within seconds." : "");

/** `rows`: whether it is done, what, and in which words. */
export function stepList(rows, last = null) {
  const items = rows.map(([done, what, words]) =>
    make("li", { className: done ? "done" : "" }, make("span", { className: "tick", "aria-hidden": "true" }, done ? "✓" : ""), make("div", {}, make("span", { className: "unseen" }, done ? "Done: " : "To do: "), make("strong", {}, what), make("div", { className: "soft" }, words))),
  );
  return make("ol", { className: "checklist" }, ...items, ...(last ? [make("li", {}, last)] : []));
}

export const contactLink = (found) => (found?.contact_url ? link("Open the contact in Intercom", found.contact_url, { target: "_blank", rel: "noreferrer" }) : null);
