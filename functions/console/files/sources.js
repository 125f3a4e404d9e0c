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
const NAMES = new Map(SOURCE_GROUPS.flatMap(({ options }) => options));

export const sourceName = (source) => (source.startsWith("meta.") ? `Form field “${source.slice(5)}”` : (NAMES.get(source) ?? source));

/** The guides' preset: what tells who referred a person. `[source, attribute, type]`. */
export const REFERRER_PRESET = [
  ["referrer.first_name", "custom_attributes.referrer_first_name", "string"],
  ["referrer.email", "custom_attributes.referrer_email", "string"],
  ["campaign.name", "custom_attributes.referral_campaign", "string"],
];
export const NEEDED = [
  ["first_name", "name"],
  ["email", "email"],
];
