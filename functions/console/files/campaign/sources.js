// What of a person can be mapped, in words.

export const SOURCE_GROUPS = [
  {
    group: "The person",
    options: [
      ["first_name", "First name"],
      ["email", "E-mail"],
      ["url", "Referral link"],
      ["code", "Referral code"],
      ["signed_up_at", "Signed up at"],
      ["source", "Source (Direct or Referred)"],
      ["type", "Type"],
      ["qr", "QR code"],
      ["referrals_count", "Referral count"],
      ["converted_referrals_count", "Converted referral count"],
    ],
  },
  {
    group: "Who referred them",
    options: [
      ["referrer.first_name", "Referrer’s first name"],
      ["referrer.email", "Referrer’s e-mail"],
      ["referrer.code", "Referrer’s code"],
      ["referrer.url", "Referrer’s link"],
    ],
  },
  {
    group: "The campaign",
    options: [
      ["campaign.name", "Campaign name"],
      ["campaign.id", "Campaign id"],
    ],
  },
];
/** What each holds, for the help. */
export const SOURCE_HELP = {
  first_name: "As typed at the signup.",
  email: "As typed at the signup. It is how a person is found in Intercom.",
  url: "The person’s own link, to invite others with.",
  code: "The person’s own code: the end of the link.",
  signed_up_at: "When the person joined the campaign. For attributes of the type date.",
  source: "Direct: came by themselves. Referred: came through somebody’s link.",
  type: "Person referring or person invited, as Referral Factory writes it.",
  qr: "The address of a picture: the link as a QR code.",
  referrals_count: "How many people the person invited who signed up.",
  converted_referrals_count: "How many of these are qualified.",
  "referrer.first_name": "Of the person who invited them; empty for who came by themselves.",
  "referrer.email": "Of the person who invited them.",
  "referrer.code": "The code through which they came.",
  "referrer.url": "The link through which they came.",
  "campaign.name": "As the campaign is called here, at Name of the campaign.",
  "campaign.id": "The campaign’s number in Referral Factory.",
  "meta.": "Each further field of your campaign’s form, by its label.",
};
const NAMES = new Map(SOURCE_GROUPS.flatMap(({ options }) => options));

/** Whether a row of a mapping holds a fixed value. */
export const isFixed = (row) => row.value !== undefined && row.value !== null;

export const sourceName = (source) => (source === "value" ? "Fixed value" : source.startsWith("meta.") ? `Form field “${source.slice(5)}”` : (NAMES.get(source) ?? source));

/** The guides' preset: what tells who referred a person. `[source, attribute, type]`. */
export const REFERRER_PRESET = [
  ["referrer.first_name", "custom_attributes.referrer_first_name", "string"],
  ["referrer.email", "custom_attributes.referrer_email", "string"],
  ["campaign.name", "custom_attributes.referral_campaign", "string"],
];
/** What a person's own contact usually holds as well. */
export const LINK_PRESET = [["url", "custom_attributes.referral_link", "string"]];
export const NEEDED = [
  ["first_name", "name"],
  ["email", "email"],
];
