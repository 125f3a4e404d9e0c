// What the states, vendors and other words of the application are called, and what they mean.

/** @type {Record<string, Badge>} */
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
  pending: "It goes to Intercom on its own. There is nothing to do.",
  held: "The campaign is not active. The person goes to Intercom when you activate it.",
  delivered: "The contact is in Intercom with all mapped values.",
  partial: "The contact is in Intercom, but some values were left out.",
  skipped: "Intercom already had the contact, and your settings leave it as it is.",
  failed: "Something is wrong. Put it right, then press Send again.",
  not_wanted: "The campaign does not send such people to Intercom.",
  known: "The person joined before the campaign became active.",
  erased: "Somebody deleted the contact in Intercom. It stays deleted.",
};
export const VENDORS = { intercom: "Intercom", referral_factory: "Referral Factory" };
export const AUDIENCES = { person_invited: "Person invited", person_referring: "Person referring" };
export const FLAGS = { possibly_doubled: "Possibly doubled", unverified: "Not confirmed" };
/** @type {Record<string, string>} */
export const ORIGINS = { webhook: "Webhook", reconcile: "Referral Factory’s list", synthetic: "Our own test, nobody signed up" };
/** @type {Record<string, Badge>} */
export const CAMPAIGN_STATES = { draft: ["Draft", "wait"], active: ["Active", "good"], paused: ["Paused", "warn"] };
/** @type {Record<string, Badge>} */
export const RUN_STATES = {
  queued: ["Waiting to begin", "wait"],
  enumerating: ["Reading contacts", "wait"],
  working: ["Working", "wait"],
  waiting: ["Waiting for Intercom or Referral Factory", "warn"],
  done: ["Done", "good"],
  failed: ["Failed", "bad"],
  cancelled: ["Cancelled", "quiet"],
};

export const RUN_STATE_HELP = {
  queued: "It starts within a minute.",
  enumerating: "It reads your lists’ contacts from Intercom and checks who is in the campaign already.",
  working: "It adds people to the campaign and writes their links to Intercom.",
  waiting: "It has to wait for Intercom or Referral Factory, for example because of their limits. It goes on by itself.",
  done: "Every contact was checked.",
  failed: "It stopped early, and says why. The next run starts over.",
  cancelled: "Somebody cancelled it. What it did until then stays.",
};
/** Of an active campaign while nobody can tell whether it works. */
export const NOT_KNOWN = { badge: /** @type {Badge} */ (["Active", "quiet"]), sentence: "The application did not say whether it works now. Reload this page to look again." };
export const CAMPAIGN_STATE_HELP = {
  draft: "Nothing is sent yet: signups are kept until you activate it.",
  active: "Signups go to Intercom as they come.",
  paused: "Signups are kept until you activate it again.",
};
