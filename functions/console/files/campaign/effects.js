// What a campaign will do once it is active, in sentences.

import { plural } from "../parts/words.js";
import { isFixed } from "./sources.js";

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
