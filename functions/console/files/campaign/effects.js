// What a campaign will do once it is active, and a sync run once it begins, in sentences.

import { isFixed } from "./sources.js";
import { segments, tags } from "../parts/workspace.js";
import { effects as texts } from "../parts/texts/campaign.js";


/**
 * Empty when the settings do nothing. Throws an Error where links would have nowhere to go.
 * @param {Settings} settings
 */
export async function effectsOf(settings) {
  const sent = /** @type {const} */ (["person_invited", "person_referring"])
    .filter((audience) => settings[audience].action !== "none")
    .map((audience) => texts.become(texts.who[audience], settings[audience].action, fields(settings[audience])));
  return settings.sync.mode === "off" ? sent : [...sent, ...(await syncEffects(settings))];
}

/** @param {Api.AudienceSettings} audience */
const fields = ({ mapping }) => new Set(mapping.filter((row) => (row.from || isFixed(row)) && row.to).map((row) => row.to)).size;

/** @type {Record<string, () => Promise<Api.ListAnswer[]>>} */
const LISTED = { segments, tags };
const A_MINUTE = 150; // new contacts that the two vendors' limits let through

/**
 * What a sync run would do now, in sentences. Throws an Error that says why it makes no sense.
 * @param {Settings} settings
 */
export async function syncEffects({ sync }) {
  if (sync.mode === "off") throw new Error(texts.theSyncIsOff);
  if (!sync.write_back.referral_link) throw new Error(texts.linkHasNowhereToGo);
  const { kind, ids } = sync.source;
  const found = kind in LISTED ? (await LISTED[kind]().catch(() => /** @type {Api.ListAnswer[]} */ ([]))).filter((one) => ids.includes(one.id)) : [];
  const names = found.length ? found.map((one) => one.name).join(", ") : ids.length ? texts.contactsOf(ids.length, texts.lists[kind]) : texts.lists[kind];
  const counts = found.flatMap((one) => one.count ?? []);
  const contacts = counts.length === ids.length && counts.length ? counts.reduce((sum, count) => sum + count, 0) : null;
  const long = contacts === null ? texts.countedFirst : texts.howLong(contacts, Math.max(1, Math.ceil(contacts / A_MINUTE)));
  const when = sync.mode === "once" ? texts.once : texts.everyMinutes(sync.interval_minutes);
  return [texts.linksFor(names, when, long), sync.notify ? texts.mayMail : texts.nobodyIsMailed];
}
