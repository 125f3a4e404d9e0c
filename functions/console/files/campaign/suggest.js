// What usually goes where: suggestions of fields and attributes, and the attributes that settings name but Intercom lacks.

import { confirmed } from "../parts/dialog.js";
import { button, make, say } from "../parts/dom.js";
import { create, shortName } from "../parts/workspace.js";
import { LINK_PRESET, NEEDED, REFERRER_PRESET, sourceName } from "./sources.js";
import { suggest as texts } from "../parts/texts/campaign.js";

const OWN = "custom_attributes.";
/**
 * Where each fact of a person usually goes, and the type of that attribute.
 * @type {Record<string, [name: string, type: string]>}
 */
const USUAL = {
  url: ["referral_link", "string"],
  code: ["referral_code", "string"],
  signed_up_at: ["referral_signed_up_at", "date"],
  source: ["referral_source", "string"],
  qr: ["referral_qr_code", "string"],
  referrals_count: ["referral_count", "integer"],
  converted_referrals_count: ["converted_referral_count", "integer"],
  "referrer.first_name": ["referrer_first_name", "string"],
  "referrer.email": ["referrer_email", "string"],
  "referrer.code": ["referrer_code", "string"],
  "referrer.url": ["referrer_link", "string"],
  "campaign.name": ["referral_campaign", "string"],
  "campaign.id": ["referral_campaign_id", "string"],
};
/** @type {Array<[name: keyof Api.WriteBack, label: string, type: string, attribute: string]>} */
export const WRITE_BACK = [
  ["referral_link", texts.referralLink, "string", "referral_link"],
  ["referral_code", texts.referralCode, "string", "referral_code"],
  ["referral_count", texts.referralCount, "integer", "referral_count"],
  ["converted_referral_count", texts.convertedReferralCount, "integer", "converted_referral_count"],
];
/** @type {Array<[name: "last_reward" | "rewards_total" | "reward_status", label: string, type: string, attribute: string]>} */
export const REWARDS = [
  ["last_reward", texts.lastReward, "string", "referral_last_reward"],
  ["rewards_total", texts.totalOfRewards, "float", "referral_rewards_total"],
  ["reward_status", texts.statusOfTheLastReward, "string", "referral_reward_status"],
];

/** @param {string} name */
const bare = (name) => shortName(name).toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");

/**
 * Short names of attributes that a fact may go to, and the type to create one with.
 * @param {string} source
 */
export function targetsOf(source) {
  if (source === "first_name") return { names: ["name"], type: "string" };
  if (source === "email") return { names: ["email"], type: "string" };
  if (source.startsWith("meta.")) return { names: [source.slice(5).trim().toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, "_")], type: "string" };
  const [name, type] = USUAL[source] ?? [];
  return { names: name ? [name] : [], type: type ?? "string" };
}

/**
 * What the guides map, and the form's own fields that have an attribute of the same name. `[from, to, type]`.
 * @param {Model} model
 * @param {string} audience
 * @returns {Array<[from: string, to: string, type: string]>}
 */
export function usualFields(model, audience) {
  const usual = [...NEEDED.map(([from, to]) => /** @type {[string, string, string]} */ ([from, to, "string"])), ...LINK_PRESET, ...(audience === "person_invited" ? REFERRER_PRESET : [])];
  const writable = model.attributes.items.filter((one) => one.can_be_written);
  const own = model.labels(audience).flatMap((label) => {
    /** @type {(to: string) => Array<[string, string, string]>} */
    const asText = (to) => [[`meta.${label}`, to, "string"]];
    if (bare(label) === "lastname") return asText("name");
    const found = writable.find((one) => one.custom && [bare(one.name), bare(one.label ?? "")].includes(bare(label)));
    return found ? asText(found.name) : [];
  });
  return [...usual, ...own];
}

/**
 * Adds the rows that are not there yet; attributes that Intercom lacks are created when the person says so.
 * @param {Model} model
 * @param {Api.AudienceSettings} section
 * @param {{ render: () => void }} mapping
 * @param {Array<[from: string, to: string, type: string]>} wanted
 * @param {string} nothing
 */
export async function addRows(model, section, mapping, wanted, nothing) {
  const there = new Set(section.mapping.map((row) => row.from));
  const rows = wanted.filter(([from]) => !there.has(from));
  if (!rows.length) return say(nothing);
  if (!(await createAll(model, rows.map(([, to, type]) => [to, type])))) return undefined;
  section.mapping.push(...rows.map(([from, to]) => ({ from, to })));
  model.changed();
  mapping.render();
  return say(texts.added(rows.map(([from]) => sourceName(from))));
}

/**
 * A button that fills what is empty of `wanted`: `[setting, label, type, short name]`; `render` draws the fields again.
 * @param {Model} model
 * @param {any} section
 * @param {Array<[name: string, label: string, type: string, attribute: string]>} wanted
 * @param {() => void} render
 */
export function suggestButton(model, section, wanted, render) {
  return button(texts.suggestAttributes, async () => {
    const empty = wanted.filter(([name]) => !section[name]);
    if (!empty.length) return say(texts.nothingToSuggest);
    if (!(await createAll(model, empty.map(([, , type, name]) => [OWN + name, type])))) return undefined;
    for (const [name, , , attribute] of empty) section[name] = OWN + attribute;
    model.changed();
    render();
    return say(texts.chosen(empty.map(([, , , name]) => name)));
  });
}

/**
 * Creates those of `[attribute, type]` that Intercom lacks, once the person agreed; whether all are there then.
 * @param {Model} model
 * @param {Wanted[]} wanted
 */
async function createAll(model, wanted) {
  const missing = model.attributes.problem ? [] : lacking(model, wanted);
  if (!missing.length) return true;
  const names = missing.map(([to]) => shortName(to)).join(", ");
  const text = texts.createText(names, missing.length === 1);
  if (!(await confirmed(texts.createQuestion(missing.length), text, missing.length === 1 ? texts.createAndUseIt : texts.createAndUseThem))) return false;
  await createIn(model, missing);
  return true;
}

/**
 * @param {Model} model
 * @param {Wanted[]} missing
 */
async function createIn(model, missing) {
  for (const [to, type] of missing) await create(shortName(to), type);
  await model.refresh(false);
}

/**
 * @param {Model} model
 * @param {Wanted[]} wanted
 */
function lacking(model, wanted) {
  const known = new Set(model.attributes.items.map((one) => one.name));
  return wanted.filter(([to], index) => to.startsWith(OWN) && !known.has(to) && wanted.findIndex(([other]) => other === to) === index);
}

/**
 * Every attribute that the settings write, with the type to create it with.
 * @param {Settings} settings
 * @returns {Wanted[]}
 */
function written({ person_invited: invited, person_referring: referring, sync, rewards }) {
  const sections = [invited, referring].filter((one) => one.action !== "none");
  const rows = sections.flatMap((one) => one.mapping.filter((row) => row.to).map((row) => [row.to, targetsOf(row.from ?? "").type]));
  const defaults = sections.flatMap((one) => Object.keys(one.defaults).map((name) => [name, "string"]));
  const back = sync.mode === "off" ? [] : WRITE_BACK.map(([name, , type]) => [sync.write_back[name], type]);
  return /** @type {Wanted[]} */ ([...rows, ...defaults, ...back, ...REWARDS.map(([name, , type]) => [rewards[name], type])].filter(([to]) => to));
}

/**
 * Says which attributes the settings name that Intercom lacks, with the one button that creates them all.
 * @param {Model} model
 */
export function missingBar(model) {
  const place = make("div", {});
  let shown = "";
  const show = () => {
    const missing = model.attributes.problem ? [] : lacking(model, written(model.settings));
    const names = missing.map(([to]) => shortName(to)).join(", ");
    if (names === shown) return;
    shown = names;
    const words = texts.missing(missing.length, names);
    const text = texts.createMissing(missing.length);
    place.replaceChildren(
      ...(missing.length
        ? [
            make("div", { className: "note warn row" }, make("span", {}, words), button(text, async () => {
              await createIn(model, missing);
              say(texts.created(missing.length));
            })),
          ]
        : []),
    );
  };
  model.onChange(show);
  model.onAttributes(show);
  show();
  return place;
}
