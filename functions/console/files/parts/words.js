// The application's words in plain ones, and numbers and times as people read them.

import { make } from "./dom.js";

export const STATES = {
  pending: ["On its way", "wait"],
  held: ["Kept until active", "wait"],
  delivered: ["In Intercom", "good"],
  partial: ["In Intercom, in part", "warn"],
  skipped: ["Was there before", "quiet"],
  failed: ["Failed", "bad"],
  not_wanted: ["Not sent", "quiet"],
  known: ["Joined before", "quiet"],
  erased: ["Deleted in Intercom", "quiet"],
};
export const STATE_HELP = {
  pending: "It goes to Intercom by itself.",
  held: "The campaign is not active; it goes when you activate it.",
  delivered: "The contact is in Intercom with all mapped values.",
  partial: "The contact is in Intercom, but some values were left out.",
  skipped: "Intercom had the contact before, and your settings leave it as it is.",
  failed: "Something has to be put right, then press Send again.",
  not_wanted: "The campaign does not send such people to Intercom.",
  known: "The person joined before the campaign became active.",
  erased: "Somebody deleted the contact; it is not brought back.",
};
export const VENDORS = { intercom: "Intercom", referral_factory: "Referral Factory" };
export const AUDIENCES = { person_invited: "Person invited", person_referring: "Person referring" };
export const FLAGS = { possibly_doubled: "Possibly doubled", unverified: "Not confirmed" };
export const ORIGINS = { webhook: "Webhook", reconcile: "Referral Factory’s list", synthetic: "Our own daily test, nobody signed up" };
export const CAMPAIGN_STATES = { draft: ["Draft", "wait"], active: ["Active", "good"], paused: ["Paused", "warn"] };
export const RUN_STATES = {
  queued: ["Waiting to begin", "wait"],
  enumerating: ["Reading contacts", "wait"],
  working: ["Working", "wait"],
  waiting: ["Waiting for a vendor", "warn"],
  done: ["Done", "good"],
  failed: ["Failed", "bad"],
  cancelled: ["Cancelled", "quiet"],
};

export const RUN_STATE_HELP = {
  queued: "It begins within a minute.",
  enumerating: "It reads the contacts of your lists from Intercom, and looks who is in the campaign already.",
  working: "It adds people to the campaign and writes their links to Intercom.",
  waiting: "A vendor has to be waited for, for example because of its limits. It goes on by itself.",
  done: "All contacts were looked at.",
  failed: "It ended early; the reason is beside it. The next run begins anew.",
  cancelled: "Somebody ended it. What was done until then stays.",
};
export const CAMPAIGN_STATE_HELP = {
  draft: "Nothing is sent yet: signups are kept until you activate it.",
  active: "Signups go to Intercom as they come.",
  paused: "Signups are kept until you activate it again.",
};

/** An e-mail address or a link, which is broken, where it must be, behind its signs and not in a word. */
export function address(text) {
  const parts = String(text).split(/(?<=[@./_+-])/);
  return make("span", { className: "address" }, ...parts.flatMap((part, index) => (index ? [document.createElement("wbr"), part] : [part])));
}

/** A small coloured word; its colour says nothing that the word does not. */
export const badge = ([text, kind] = ["?", "quiet"]) => make("span", { className: `badge ${kind}` }, text);

export const number = (value) => (value === null || value === undefined ? "–" : Number(value).toLocaleString());

/** A moment in the reader's own zone; the exact one as a tooltip. `seconds` since 1970; `exactly`: to the second, for today. */
export function moment(seconds, exactly = false) {
  if (!seconds) return make("span", {}, "–");
  const date = new Date(seconds * 1000);
  return make("time", { dateTime: date.toISOString(), title: date.toLocaleString() }, when(date, exactly));
}

function when(date, exactly) {
  const today = new Date().toDateString() === date.toDateString();
  const time = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: exactly && today ? "2-digit" : undefined });
  return today ? `today ${time}` : `${date.toLocaleDateString([], { day: "numeric", month: "short", year: "numeric" })}, ${time}`;
}

/** `95` → `1 min 35 s`. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 1) return "under 1 s";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${(seconds / 3600).toFixed(1)} h` : `${Math.round(seconds / 86400)} days`;
}

export const ago = (seconds) => (seconds ? `${duration(Math.max(0, Date.now() / 1000 - seconds))} ago` : "never");

export const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

export const shown = (value) => (value === null || value === undefined || value === "" ? "–" : String(value));
