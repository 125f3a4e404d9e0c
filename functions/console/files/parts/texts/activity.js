// What the page Activity says: the list, the filters, one person, and the messages that could not be read.

import { number, plural } from "./numbers.js";

/** @satisfies {Texts} */
export const activity = {
  whichPeople: "Which people",
  allStoredAbout: (text) => `Everything stored about ${text}:`,
  searching: "Searching…",
  foundSoFar: (count) => `Searching… ${plural(count, "person", "people")} found so far.`,
  nobodyMatches: "Nobody matches. ",
  showEverybody: "Show everybody",
  nobodyHasSignedUp: "Nobody has signed up yet. Signups appear here within seconds.",
  shown: (count, more) => `${plural(count, "person", "people")} shown${more ? ", there are more" : ""}.`,
  people: (count) => plural(count, "person", "people"),
  selected: (whom) => `${whom} selected`,
  export: "Export",
  atMost100: "You can export 100 people at once. “Export as CSV” takes everybody who matches.",
  selectNone: "Select none",
  sendAllThatMatchAgain: "Send all that match again",
  allThatMatch: "all that match",
  markAllThatMatch: "Mark all that match as dealt with",
  refresh: "Refresh",
  syncRuns: "Sync runs",
  onlyWithReason: "Only with the reason “",
  allReasons: "All reasons",
  title: "Activity",
};

/** @satisfies {Texts} */
export const acts = {
  theyGoToIntercomAgain: "They go to Intercom again, as fast as Intercom and Referral Factory allow.",
  nobodyIsCreatedTwice: "Nobody is created twice, and pressing again does no harm.",
  sendAgainQuestion: (whom) => `Send ${whom} again?`,
  onTheWayAlready: (alreadyWaiting) => ` ${plural(alreadyWaiting, "was", "were")} on the way already.`,
  sentAgain: (who, waited) => `${who} sent again.${waited}`,
  theyLeaveNeedsAttention: "They leave “Needs attention”. Nothing is sent, and each person’s story says who marked them.",
  theyShowAgain: "If something else goes wrong with them later, they come back.",
  markQuestion: (whom) => `Mark ${whom} as dealt with?`,
  markThem: "Mark them",
  markedAsDealtWith: (who) => `${who} marked as dealt with.`,
  nothingToErase: "None of them has an e-mail address here, so there is nothing to erase.",
  everythingIsDeleted: (count) => `Everything stored here about ${plural(count, "address", "addresses")} is deleted: names, links and answers, in every campaign. It cannot be undone.`,
  notDeletedElsewhere: "The contacts in Intercom and the users in Referral Factory stay: delete them there. Backups keep a copy for 35 days.",
  eraseQuestion: (who) => `Erase ${who}?`,
  erasedOf: (done, count) => `Erased ${done} of ${count}…`,
  areBeingErased: (who) => `Erasing ${who}. The list is long, so this takes some minutes.`,
  erased: (who) => `${who} erased.`,
  people: (count) => plural(count, "person", "people"),
  soFar: (who) => `${who} so far…`,
};

/** @satisfies {Texts} */
export const filters = {
  all: "All",
  needsAttention: "Needs attention",
  onItsWay: "On its way",
  notSent: "Not sent",
  any: "Any",
  inAnotherIntercomWorkspace: "In another Intercom workspace",
  findHint: "Name, part of an address, or who referred them",
  filters: "Filters",
  campaign: "Campaign",
  signedUpFrom: "Signed up from",
  until: "to",
  who: "Who",
  everybody: "Everybody",
  state: "State",
  find: "Find",
};

/** @satisfies {Texts} */
export const peopleList = {
  person: "Person",
  referredBy: "Referred by",
  campaign: "Campaign",
  state: "State",
  signedUp: "Signed up",
  selectEverybodyShown: "Select everybody shown",
  caption: "People, newest first",
  selectOne: (name) => `Select ${name}`,
  position: (position, count) => `${position} of ${plural(count, "person", "people")} shown`,
  perhapsItQualifies: "Perhaps it qualifies",
  somethingWasRefused: "Something was refused",
  inAnotherWorkspace: "In another workspace",
  ourOwnTest: "Our own test",
};

/** @satisfies {Texts} */
export const personPanel = {
  previousPerson: "Previous person",
  nextPerson: "Next person",
  openAsAPage: "Open as a page",
  onePerson: "One person",
  cannotBeShown: "This person cannot be shown",
};

/** @satisfies {Texts} */
export const personRights = {
  exportPerson: "Export this person",
  erasePerson: "Erase this person",
  everythingIsDeleted: (email) => `Everything stored here about ${email} is deleted: name, address, links and answers, in every campaign. It cannot be undone.`,
  whatBringsThemBack: "The person comes back only by signing up again.",
  notDeletedElsewhere: "The contact in Intercom and the user in Referral Factory stay: delete them there. Backups keep a copy for 35 days.",
  eraseQuestion: "Erase this person?",
};

/** @satisfies {Texts} */
export const quarantine = {
  columns: ["Received", "Campaign", "Event", "Why", "Size", ""],
  none: "There are none: we could read every message from Referral Factory.",
  look: "Look",
  whatCame: "The message",
  readAgain: "Read again",
  discard: "Discard",
  discardQuestion: "Discard this message?",
  itCannotBeBroughtBack: "It cannot be brought back.",
  bytes: (size) => `${number(size)} bytes`,
  about: "These messages carried the right secret, but we could not read them, for example because a field has another name. Name it under More in the campaign’s settings, then press Read again. We keep them for 30 days.",
  activity: "Activity",
};

/** @satisfies {Texts} */
export const referral = {
  leftOutColumns: ["Attribute", "Why"],
  countsColumns: ["Attribute", "Value"],
  overwrittenColumns: ["Attribute", "Value before"],
  writtenColumns: ["Attribute", "Value"],
  allPeople: "All people",
  nobodyHere: "Nobody is here",
  nobodyHasThisId: (user, campaign) => `Nobody with the id ${user} signed up for campaign ${campaign}, as far as we know.`,
  sendAllWithThisReason: "Send all with this reason again",
  allWithThisReason: "all with this reason",
  markAllWithThisReason: "Mark all with this reason as dealt with",
  whereItStands: "Where it stands",
  triedNextAt: "Next try: ",
  nextLookForDoubles: "Next check for duplicates: ",
  leftOut: "Left out",
  leftOutCaption: "Attributes that were left out",
  theirData: "Their data",
  whatHappened: "What happened",
  valueInIntercom: "Value in Intercom",
  decidedBy: "Decided by",
  somebodyInReferralFactory: "Somebody in Referral Factory",
  theContactInIntercom: "The contact in Intercom",
  confirmed: "Confirmed",
  triedNext: "Next try",
  qualification: "Qualification",
  broughtUpToDate: "Next update: ",
  upToDateSince: "Up to date since ",
  noCounts: "Nothing yet: no attribute is mapped, or the person has no contact in Intercom.",
  asAPersonReferring: "As a person referring",
  countsCaption: "Counts and rewards on the contact",
  aboutOverwritten: "The contact was in Intercom before this signup, which replaced these values. If you put them back, what somebody has changed since stays, and this signup leaves the contact alone from then on.",
  empty: "(empty)",
  putBack: "Put back what was there",
  overwrittenTitle: "The contact’s values before",
  overwrittenCaption: "Values that were replaced",
  who: "Who",
  campaign: "Campaign",
  userId: "User id",
  referrersId: "Referrer’s id",
  origin: "Reported by",
  settings: "Settings",
  thePerson: "The person",
  writtenToIntercom: "Written to Intercom",
  writtenCaption: "Values written to Intercom",
  nothingWritten: "Nothing yet.",
  noCalls: "There are none. Calls are kept for 30 days, and only when something went wrong.",
  noAnswer: "No answer",
  milliseconds: (milliseconds) => ` ${number(milliseconds)} ms`,
  host: "Host",
  requestId: "Request id",
  sent: "Sent",
  answer: "Answer",
  calls: (count) => `For developers: ${plural(count, "call")} to Intercom and Referral Factory`,
};
