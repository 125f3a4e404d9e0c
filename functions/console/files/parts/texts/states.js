// What the states, vendors and other words of the application are called, and what they mean.

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
