// What of a person can be mapped, in words.

import { FIXED_VALUE, formField, SOURCE_GROUP_NAMES, SOURCE_NAMES } from "../parts/texts/fields.js";

const SOURCES = {
  person: ["first_name", "email", "url", "code", "signed_up_at", "source", "type", "qr", "referrals_count", "converted_referrals_count"],
  referrer: ["referrer.first_name", "referrer.email", "referrer.code", "referrer.url"],
  campaign: ["campaign.name", "campaign.id"],
};
/** As `select` takes them. */
export const SOURCE_GROUPS = Object.entries(SOURCES).map(([group, sources]) => ({ group: SOURCE_GROUP_NAMES[group], options: sources.map((source) => [source, SOURCE_NAMES[source]]) }));

/**
 * Whether a row of a mapping holds a fixed value.
 * @param {Api.AudienceRow} row
 */
export const isFixed = (row) => row.value !== undefined && row.value !== null;

/**
 * @param {string} source
 * @returns {string}
 */
export const sourceName = (source) => (source === "value" ? FIXED_VALUE : source.startsWith("meta.") ? formField(source.slice(5)) : (SOURCE_NAMES[source] ?? source));

/**
 * The guides' preset: what tells who referred a person. `[source, attribute, type]`.
 * @type {Array<[from: string, to: string, type: string]>}
 */
export const REFERRER_PRESET = [
  ["referrer.first_name", "custom_attributes.referrer_first_name", "string"],
  ["referrer.email", "custom_attributes.referrer_email", "string"],
  ["campaign.name", "custom_attributes.referral_campaign", "string"],
];
/**
 * What a person's own contact usually holds as well.
 * @type {Array<[from: string, to: string, type: string]>}
 */
export const LINK_PRESET = [["url", "custom_attributes.referral_link", "string"]];
export const NEEDED = [
  ["first_name", "name"],
  ["email", "email"],
];
