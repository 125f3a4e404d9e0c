// What is known about a person who signed up: the names of the fields, and what each holds.

/** @type {Record<string, string>} */
export const SOURCE_NAMES = {
  first_name: "First name",
  email: "E-mail",
  url: "Referral link",
  code: "Referral code",
  signed_up_at: "Signed up at",
  source: "Source (Direct or Referred)",
  type: "Type",
  qr: "QR code",
  referrals_count: "Referral count",
  converted_referrals_count: "Converted referral count",
  "referrer.first_name": "Referrer’s first name",
  "referrer.email": "Referrer’s e-mail",
  "referrer.code": "Referrer’s code",
  "referrer.url": "Referrer’s link",
  "campaign.name": "Campaign name",
  "campaign.id": "Campaign id",
};

/**
 * For the help.
 * @type {Record<string, string>}
 */
export const SOURCE_HELP = {
  first_name: "As the person typed it.",
  email: "As the person typed it. Intercom finds people by it.",
  url: "The person’s own link for inviting friends.",
  code: "The person’s own code, which ends the link.",
  signed_up_at: "When the person joined the campaign. It needs an attribute of the type Date.",
  source: "Direct: the person came alone. Referred: the person came through a friend’s link.",
  type: "Person referring or person invited, as Referral Factory writes it.",
  qr: "The address of a picture that shows the link as a QR code.",
  referrals_count: "How many friends signed up through the person’s link.",
  converted_referrals_count: "How many of these friends converted.",
  "referrer.first_name": "The first name of the person who invited them. It is empty for people who came alone.",
  "referrer.email": "The e-mail of the person who invited them.",
  "referrer.code": "The code through which they came.",
  "referrer.url": "The link through which they came.",
  "campaign.name": "The name that you gave the campaign here.",
  "campaign.id": "The campaign’s number in Referral Factory.",
  "meta.": "Every other field of your campaign’s form, by its label.",
};

/** @type {Record<string, string>} */
export const SOURCE_GROUP_NAMES = { person: "The person", referrer: "Who referred them", campaign: "The campaign", form: "Fields of your campaign’s form" };

export const FIXED_VALUE = "Fixed value";

/** A field of the campaign's form. */
export const formField = (/** @type {string} */ label) => `Form field “${label}”`;

/**
 * The types of an attribute.
 * @type {Record<string, string>}
 */
export const TYPE_NAMES = {
  string: "Text",
  integer: "Whole number",
  float: "Number",
  boolean: "True or false",
  date: "Date",
  options: "List of options",
};
