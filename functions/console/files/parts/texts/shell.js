// What the shell and the parts of every page say.

import { capital, number, plural } from "./numbers.js";

/** @satisfies {Texts} */
export const app = {
  noSuchPage: "There is no such page",
  nothingHere: "There is nothing at this address. Perhaps it was mistyped.",
  goToTheOverview: "Go to the overview",
  documentTitle: (title) => `${title} · Referrals in Intercom`,
  signIn: "Sign in",
  title: "Referrals in Intercom",
  welcome: "Everybody who signs up in your referral campaigns is in Intercom within seconds. Sign in to connect, set up and watch.",
  whoMaySignIn: "Members of the admin group may change everything, members of the viewer group may look.",
  forbidden: "You may not see this",
  askToBeLetIn: (message) => `${message} Ask whoever runs this application to let you in, then sign in again.`,
  signInAsSomebodyElse: "Sign in as somebody else",
  cannotBeShown: "This page cannot be shown",
  endedChangesKept: "Your sign-in has ended. Please sign in again: your changes are kept.",
  signInHasEnded: "Your sign-in has ended. Please sign in again.",
  endedCopyFirst: "Your sign-in has ended. Copy what you need, then reload this page and sign in again.",
  leaveWithoutSaving: "Leave without saving?",
  notSaved: "Your changes on this page are not saved.",
  leave: "Leave",
};

/** @satisfies {Texts} */
export const conflict = {
  settingsAreGone: "Somebody deleted these settings. You can save yours as new ones.",
  goneTitle: "These settings were deleted",
  goOnEditing: "Go on editing",
  saveMine: "Save mine",
  theirs: (version) => `Theirs, version ${version}`,
  yours: "Yours",
  noConflict: "They changed other settings than you did, so both changes are kept.",
  bothTogether: "Both together",
  title: "Somebody else saved meanwhile",
  lookAtItFirst: "Look at it first",
  saveBoth: "Save both",
  oneConflict: "You both changed one thing. All your other changes are kept.",
  conflicts: (count) => `You both changed ${count} things. All your other changes are kept.`,
  takeTheirsThere: "Take theirs there",
  takeMineThere: "Take mine there, and save",
};

/** @satisfies {Texts} */
export const api = {
  notInThisVersion: "This version of the application cannot do that yet.",
  answers: (status) => `The application answers ${status}. Please try again.`,
  unreachable: "The application cannot be reached. Nothing was saved.",
  signInHasEnded: "Your sign-in has ended. Please sign in again.",
};

/** @satisfies {Texts} */
export const attributeSelect = {
  notInIntercom: (name) => `${name} (not in Intercom)`,
  suggested: "Suggested",
  yourOwn: "Your own",
  standard: "Standard",
  createNew: "Create a new attribute…",
  createNamed: (name, type) => `Create “${name}” (${type})`,
  isInIntercom: (name) => `${name} is now in Intercom.`,
  takes: (takes) => `takes ${takes}`,
  notRead: "this application does not read it",
  notWritten: "cannot be written",
  notUsed: "Not used",
  readBefore: "The list is from before, ",
  canBeTyped: "You can type names meanwhile.",
  cannotBeRead: (problem) => `We cannot read Intercom’s attributes. ${problem} `,
  count: (count) => `${plural(count, "attribute")} in your Intercom workspace.`,
  refreshAttributes: "Refresh attributes",
};

/** @satisfies {Texts} */
export const charts = {
  sparkLabel: (title, sum) => `${title}: ${sum} in all`,
};

/** @satisfies {Texts} */
export const diff = {
  nothingDiffers: "Nothing differs.",
  whatDiffers: "What differs",
  setting: "Setting",
};

/** @satisfies {Texts} */
export const dom = {
  more: "More",
  closeMessage: "Close this message",
  loading: (what) => `Loading ${what}…`,
  notInThisVersion: (what) => `This version of the application has no ${what} yet.`,
  cannotBeShown: (what, message) => `${capital(what)} cannot be shown. ${message}`,
};

/** @satisfies {Texts} */
export const more = {
  allAsText: "All settings as text, for those who keep them in git",
  joinedBefore: "People who joined before",
  backfill: "Send people who joined before the campaign became active, too",
  backfillHint: "If off, only people who join from now on go to Intercom.",
  namesTitle: "Names of webhook fields",
  aboutNames: "You need this only if your webhooks use other names for fields. Say which field of a person each one is, such as email or meta.Last Name.",
  asText: "As text",
  inTheWebhook: "In the webhook",
  means: "Means",
  removeName: (name) => `Remove the name ${name}`,
  addAName: "Add a name",
};

/** @satisfies {Texts} */
export const picker = {
  choose: "Choose",
  choices: "Choices",
  none: "None",
  nothingMatches: "Nothing matches.",
};

/** @satisfies {Texts} */
export const saveTable = {
  reading: (rows) => `Reading… at most ${number(rows)} rows so far.`,
};

/** @satisfies {Texts} */
export const signin = {
  issuerIsSilent: (issuer) => `The sign-in at ${issuer} does not answer.`,
  notSignedIn: (reason) => `Not signed in: ${reason}`,
  begunElsewhere: "This sign-in was started elsewhere. Please sign in again.",
  notAccepted: "The sign-in was not accepted. Please sign in again.",
  notForUs: "The sign-in’s answer was not meant for us. Please sign in again.",
  answers: (address, status) => `${address} answers ${status}.`,
};

/** @satisfies {Texts} */
export const tabs = {
  settings: "Settings",
  next: (title) => `Next: ${title}`,
  toLookAt: (count) => `${count} to look at`,
};

/** @satisfies {Texts} */
export const workspace = {
  name: "Name",
  nameHint: "As it will be called in Intercom, such as referral_link.",
  options: "Options, one a line",
  type: "Type",
  typeHint: "Intercom cannot change it later.",
  createTitle: "Create an attribute in Intercom",
  createIt: "Create it",
};
