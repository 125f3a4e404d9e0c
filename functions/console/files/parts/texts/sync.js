// What sync runs and their settings say.

import { duration, number, plural } from "./numbers.js";

/** @satisfies {Texts} */
export const syncRuns = {
  title: "Sync runs",
  olderRuns: "Older runs",
  syncNow: "Sync now",
  saveFirst: "Save your changes first: a run uses what is saved.",
  syncQuestion: "Sync now?",
  startTheSync: "Start the sync",
  begun: "A sync run has started.",
  noRunYet: "No run yet.",
  progress: "Progress of the run",
  seen: (seen) => `${plural(seen, "contact")} checked`,
  finished: (finished, total) => `${number(finished)} of ${plural(total, "contact")}`,
  created: (created) => `${number(created)} new in Referral Factory`,
  linked: (linked) => `${number(linked)} got a link`,
  unchanged: (unchanged) => `${number(unchanged)} unchanged`,
  left: (seconds, perMinute) => ` About ${duration(seconds)} left, ${number(perMinute)} a minute.`,
  cancelQuestion: "Cancel this run?",
  aboutCancelling: "What it has done stays. The next run continues from there.",
  cancelTheRun: "Cancel the run",
  smallerPages: (vendor) => `${vendor}’s answers were too large or too slow, so we ask for fewer people at a time.`,
  arriving: "sync runs",
  leavers: (count) => `${plural(count, "contact")} left the lists since the last complete run. Their links stay as they are.`,
  examples: "Examples of what was skipped or failed",
};

/** @satisfies {Texts} */
export const syncSettings = {
  modes: [
    ["off", "Off", "No referral links are made for contacts."],
    ["once", "Once", "Everybody who is there now gets a link."],
    ["ongoing", "Ongoing", "New and changed contacts get one as well, at an interval."],
  ],
  choices: [
    ["all", "All contacts"],
    ["leads", "All leads"],
    ["users", "All users"],
    ["segments", "Segments (active lists)", "People who enter the segment later are synced as well."],
    ["tags", "Tags (static lists)"],
  ],
  cardTitle: "Referral links for your Intercom contacts",
  about: "Contacts join the campaign in Referral Factory, and their link comes back to Intercom.",
  sync: "Sync",
  runs: "Sync runs",
  minutes: (minutes) => `${minutes} minutes`,
  hours: (hours) => `${hours} h`,
  who: "Who",
  every: "Every",
  whatReferralFactoryGets: "What Referral Factory gets",
  aboutMapping: "It needs a first name and the e-mail of each contact.",
  whatComesBackToIntercom: "What comes back to Intercom",
  notifyWarning: "Everybody who is synced for the first time may get an e-mail from Referral Factory.",
  notifyHint: "Off unless you turn it on: nobody gets a surprise e-mail.",
  notification: "Notification",
  notify: "Referral Factory may e-mail these people about their new link",
  refreshTheList: "Refresh the list",
  whichContacts: "Which contacts?",
  none: "Your Intercom workspace has no such lists.",
  notThereAnyMore: (id) => `${id} – not in Intercom any more`,
  contacts: (count) => plural(count, "contact"),
  lists: "Lists",
  syncMapping: "Sync mapping",
  fromOf: (row) => `Sync row ${row}: from`,
  removeOne: (row) => `Remove sync row ${row}`,
  anotherFieldEntry: "Another form field…",
  toOf: (row) => `Sync row ${row}: to`,
  labelOf: (row) => `Sync row ${row}: label of the form field`,
};

/** @satisfies {Texts} */
export const syncs = {
  noneIsActive: "No campaign is active yet. ",
  chooseACampaign: "Choose a campaign",
  thenItsTab: ", then its tab Sync.",
  title: "Sync runs",
  activity: "Activity",
};
