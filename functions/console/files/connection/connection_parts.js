// Small parts of the page Connection.

import { button, make, say } from "../parts/dom.js";
import { badge, moment } from "../parts/words.js";

/** `[name, value]` pairs; those without a value are left out. */
export function facts(rows) {
  const shown = rows.filter(([, value]) => value);
  return make("dl", { className: "facts" }, ...shown.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}

/** A text to copy, with its button. */
export function copyable(label, text) {
  const copy = button("Copy", async () => {
    try {
      await navigator.clipboard.writeText(text);
      say(`${label}: copied.`);
    } catch {
      getSelection().selectAllChildren(code);
      say("Selected. Press Ctrl+C to copy it.");
    }
  }, { className: "small", "aria-label": `Copy ${label}` });
  const code = make("code", {}, text);
  return make("div", { className: "copy" }, make("span", { className: "copy-label" }, label), code, copy);
}

export function stopped(breaker) {
  if (!breaker || breaker.kind === "disconnected") return null;
  const until = breaker.until ? make("span", {}, ", until ", moment(breaker.until)) : ", until a person ends it";
  return make("p", { className: "soft" }, "Calls have been stopped since ", moment(breaker.since), until, ".");
}

/** When a webhook last came; the light says it in words too. */
export function light(receivedAt) {
  return receivedAt ? make("span", {}, badge(["Received", "good"]), " ", moment(receivedAt)) : badge(["None yet", "quiet"]);
}
