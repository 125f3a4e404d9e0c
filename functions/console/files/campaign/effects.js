// What a campaign will do once it is active, and a sync run once it begins, in sentences.

import { number, plural } from "../parts/texts/numbers.js";
import { isFixed } from "./sources.js";
import { segments, tags } from "../parts/workspace.js";

const WHO = { person_invited: "People invited", person_referring: "People referring" };
const LISTS = { all: "all contacts", leads: "all leads", users: "all users", segments: "segment", tags: "tag" };

/** Empty when the settings do nothing. */
export function effectsOf(settings) {
  const sent = Object.entries(WHO)
    .filter(([audience]) => settings[audience].action !== "none")
    .map(([audience, who]) => `${who} become a ${settings[audience].action} in Intercom, with ${plural(fields(settings[audience]), "field")}.`);
  return settings.sync.mode === "off" ? sent : [...sent, links(settings.sync)];
}

const fields = ({ mapping }) => new Set(mapping.filter((row) => (row.from || isFixed(row)) && row.to).map((row) => row.to)).size;

function links({ source, mode, interval_minutes: minutes, notify }) {
  const who = source.ids.length ? `the contacts of ${plural(source.ids.length, LISTS[source.kind])}` : LISTS[source.kind];
  const when = mode === "once" ? "once" : `every ${minutes} minutes`;
  return `Referral links for ${who}, ${when}. ${notify ? "Referral Factory mails each of them." : "Nobody is mailed."}`;
}

const LISTED = { segments, tags };
const A_MINUTE = 150; // new contacts that the two vendors' limits let through

/** What a sync run would do now, in sentences. Throws an Error that says why it makes no sense. */
export async function syncEffects({ sync }) {
  if (sync.mode === "off") throw new Error("The sync is off. Choose Once or Ongoing, then save.");
  if (!sync.write_back.referral_link) throw new Error("The referral link has nowhere to go. Choose its attribute under “What comes back to Intercom”, then save.");
  const { kind, ids } = sync.source;
  const found = kind in LISTED ? (await LISTED[kind]().catch(() => [])).filter((one) => ids.includes(one.id)) : [];
  const names = found.length ? found.map((one) => one.name).join(", ") : LISTS[kind];
  const counts = found.map((one) => one.count).filter((count) => count !== null);
  const contacts = counts.length === ids.length && counts.length ? counts.reduce((sum, count) => sum + count, 0) : null;
  const long = contacts === null ? "How many there are is counted first." : `${plural(contacts, "contact")}, about ${number(Math.max(1, Math.ceil(contacts / A_MINUTE)))} min if all are new.`;
  return [`Referral links for ${names}: ${long} Who has one keeps it.`, sync.notify ? "Referral Factory may mail each of them about the link." : "Nobody is mailed."];
}
