// What a campaign’s page says: its tabs, checks, preview and dialogs.

import { number, plural } from "./numbers.js";

/** @satisfies {Texts} */
export const audience = {
  words: {
    person_invited: { who: "the person invited", signs: "who signs up through a friend’s link (“Referred”)" },
    person_referring: { who: "the person referring", signs: "who signs up to share a link (“Direct”)" },
  },
  choices: [
    ["none", "Nothing", "Such people are not sent to Intercom."],
    ["lead", "Create a lead", "Your team picks it up in Intercom’s leads."],
    ["user", "Create a user", "For people who become users of yours by signing up."],
  ],
  duplicates: [
    ["skip", "Leave the contact as it is", "Nothing is written to it."],
    ["fill", "Fill in what is missing", "Only attributes that are empty on the contact are written."],
    ["update", "Update the contact", "This may overwrite values in Intercom."],
  ],
  archived: [
    ["unarchive", "Bring the contact back", "It is taken out of the archive and updated."],
    ["skip", "Leave it archived", "The signup is shown as failed, so that you see it."],
  ],
  beside: [
    ["no", "Show me both", "The signup is marked as possibly doubled, and you decide in Intercom."],
    ["yes", "Merge the lead into the user", "Intercom merges them for good: the user keeps its values and gains what it lacks."],
  ],
  question: (who, signs) => `What happens in Intercom for ${who}, ${signs}?`,
  mapYourFields: "Map your fields",
  aboutFields: "First name and e-mail must be mapped; the others are optional.",
  suggestFields: "Suggest fields",
  nothingToSuggest: "Everything that can be suggested is mapped already.",
  whoReferredThem: "Who referred them",
  aboutReferrer: "Attach the name and e-mail of the person referring, and the campaign’s name.",
  addReferrerInformation: "Add referrer information",
  referrerIsMapped: "The referrer’s information is mapped already.",
  defaultValues: "Default values",
  aboutDefaults: "Written once, when the contact is created.",
  knownTitle: "People who are in Intercom already",
  ifThere: "If a contact with the e-mail exists",
  ifArchived: "If that contact is archived",
  ifBeside: "If a lead that we created stands beside a user with the same e-mail",
};

/** @satisfies {Texts} */
export const campaign = {
  missed: { person_invited: "people invited", person_referring: "people referring" },
  personInvited: "Person invited",
  personReferring: "Person referring",
  qualification: "Qualification",
  rewards: "Rewards",
  sync: "Sync",
  more: "More",
  versions: "Versions",
  idIsANumber: "A campaign’s id is a whole number.",
  noSuchCampaign: (id) => `Your Referral Factory account has no campaign with the id ${id}.`,
  chooseAnother: "Choose one of its campaigns",
  changesAreKept: "Your changes are kept in this browser. They are not saved yet.",
  nameOfTheCampaign: "Name of the campaign",
  helpWithThisTab: "Help with this tab",
  allCampaigns: "All campaigns",
  takeThemBack: "Take them back",
  itIsBlankAgain: "The page is blank again.",
  asSavedInVersion: (version) => `The page shows version ${version} again.`,
  yourChangesOf: "Your changes from ",
  areHere: " are here. They are not saved yet.",
  notSavedYet: "Not saved yet.",
  youHaveUnsavedChanges: "You have unsaved changes.",
  savedAsVersion: (version) => `Saved as version ${version}.`,
  stillToFillIn: (count) => ` ${count === 1 ? "One thing is" : `${count} things are`} still to fill in.`,
  save: "Save",
  pause: "Pause",
  activateAgain: "Activate again",
  activate: "Activate",
  nobodyWouldBeSent: "Nobody would go to Intercom. First choose what happens to people who sign up, or turn the sync on.",
  activateQuestion: "Activate this campaign?",
  keptSignupsGo: "Signups that were kept until now go to Intercom as well.",
  activateIt: "Activate it",
  pauseQuestion: "Pause this campaign?",
  newSignupsAreKept: "New signups are kept and go to Intercom once it is active again.",
  pauseIt: "Pause it",
  savedAs: (version, isActive) => `Saved as version ${version}. ${isActive ? "The campaign is active." : ""}`,
  notSaved: "Not saved. The places to put right are marked.",
  bothAreHere: "The page shows both people’s changes. Look at them, then save.",
  savedWithRemarks: "Saved, but please look at this",
  notSavedRemarks: "Not saved. Please put this right first",
  missedText: (count, isMore, who) => `${number(count)}${isMore ? " or more" : ""} ${count === 1 ? "person" : "people"} signed up while your settings sent no ${who} to Intercom. You can send them now, with the settings that you just saved.`,
  missedQuestion: "Send those who were missed?",
  sendThem: "Send them",
  onTheWay: (sent) => `${plural(sent, "person", "people")} on the way to Intercom.`,
};

/** @satisfies {Texts} */
export const campaigns = {
  columns: ["Campaign", "State", "Id", "Settings"],
  othersColumns: ["Campaign", "State there", "Id", ""],
  notSaved: "Your changes are not saved",
  caption: "Campaigns that are set up",
  none: "No campaign is set up yet. Choose one below.",
  title: "Campaigns",
  setUp: "Set up",
  inReferralFactory: "In Referral Factory",
  othersArriving: "campaigns of Referral Factory",
  connectFirst: "Referral Factory is not connected, so its campaigns are not known here.",
  connect: "Connect it",
  allAreSetUp: "Every campaign of your account is set up.",
  setUpOne: (name) => `Set up ${name}`,
  othersCaption: "Campaigns of Referral Factory that are not set up",
  campaignId: "Campaign id",
  idHint: "It is in the address of the campaign’s page in Referral Factory.",
  setUpById: "Set up a campaign by its id",
};

/** @satisfies {Texts} */
export const checks = {
  lists: { segments: "segment", tags: "tag" },
  nameIsMissing: "Give the campaign a name.",
  firstNameIsNotMapped: "First name is not mapped: add a row from First name, for example to Name.",
  emailIsNotMapped: "E-mail is not mapped: add a row from E-mail to Email.",
  chooseWhereItGoes: "Choose an attribute, or remove the row.",
  chooseWhatIsSentThere: "Choose a field, or remove the row.",
  chooseTheAttribute: "Choose the attribute to track.",
  chooseAValue: "Choose at least one value that qualifies the referral.",
  qualifiesFromTheStart: (first) => `“${first}” is also a qualified value: the referral would count as successful from the start.`,
  chooseAList: (kind) => `Choose at least one ${kind} whose contacts are synced.`,
  isNotMapped: (label) => `${label} is not mapped: Referral Factory needs the first name and the e-mail of each contact.`,
};

/** @satisfies {Texts} */
export const defaults = {
  notAnOption: (value) => `${value} – not an option`,
  choose: "Choose",
  yes: "True",
  no: "False",
  defaultValues: "Default values",
  attributeOf: (row) => `Default ${row}: attribute`,
  comesFromThePerson: "comes from the person",
  valueIn: (row) => `Default ${row}: value`,
  removeOne: (row) => `Remove default ${row}`,
  addADefault: "Add a default",
};

/** @satisfies {Texts} */
export const effects = {
  who: { person_invited: "People invited", person_referring: "People referring" },
  lists: { all: "all contacts", leads: "all leads", users: "all users", segments: "segment", tags: "tag" },
  become: (who, role, fields) => `${who} become a ${role} in Intercom, with ${plural(fields, "field")}.`,
  contactsOf: (count, kind) => `the contacts of ${plural(count, kind)}`,
  once: "once",
  everyMinutes: (minutes) => `every ${minutes} minutes`,
  theSyncIsOff: "The sync is off. Choose Once or Ongoing, then save.",
  linkHasNowhereToGo: "The referral link has nowhere to go. Choose its attribute under “What comes back to Intercom”, then save.",
  countedFirst: "we count the contacts first.",
  howLong: (contacts, minutes) => `${plural(contacts, "contact")}, about ${number(minutes)} min if all are new.`,
  linksFor: (lists, when, howLong) => `Referral links for ${lists}, ${when}: ${howLong} People who have a link keep it.`,
  mayMail: "Referral Factory may e-mail each of them about the link.",
  nobodyIsMailed: "Referral Factory e-mails none of them.",
};

/** @satisfies {Texts} */
export const mapping = {
  fieldMapping: "Field mapping",
  fromReferralFactory: "From Referral Factory",
  toIntercom: "To Intercom",
  fromOf: (number) => `Row ${number}: from`,
  takesTheEmailOnly: "takes the e-mail only",
  toOf: (number) => `Row ${number}: to`,
  fixedValue: "fixed value",
  removeRow: (row, name) => `Remove row ${row}, ${name}`,
  moveUp: (row) => `Move row ${row} up`,
  removalOf: (row) => `Remove row ${row}`,
  addAFixedValue: "Add a fixed value",
  hint: "Two rows to one text attribute are joined by a space, from top to bottom. A fixed value is the same for everybody, also when a contact is updated.",
  fixedValueOf: (row) => `Row ${row}: fixed value`,
  suchAsReferral: "such as referral",
  anotherFieldEntry: "Another form field…",
  chooseAField: "Choose a field",
  labelHint: "Exactly as in the campaign’s form, such as Last Name.",
  anotherFieldTitle: "Another form field",
  useIt: "Use it",
};

/** @satisfies {Texts} */
export const preview = {
  columns: ["Attribute", "Value"],
  referrersFirstName: "Referrer’s first name",
  referrersEmail: "Referrer’s e-mail",
  noName: "No name",
  noEmail: "no e-mail",
  aPersonTypedBelow: "A person typed below",
  who: "Who",
  orSomebody: "Or choose somebody who signed up lately.",
  nobodyHasSignedUpYet: "Nobody has signed up yet.",
  fillInFirst: "The preview appears once you have filled in the fields.",
  lead: "Lead",
  user: "User",
  caption: "What would be sent",
  countLeftOut: (dropped) => ` ${dropped} left out.`,
  chooseSomebody: "Choose somebody who signed up",
  changeTheExample: "Change the example",
  about: "The contact as Intercom will show it. Looking sends nothing.",
  title: "Preview",
  showIt: "Show what would be sent",
  onlyWhenCreated: "Default, only when created",
  leftOut: (reason) => `Left out. ${reason}`,
};

/** @satisfies {Texts} */
export const qualification = {
  choices: [
    ["none", "Not by Intercom", "Referrals qualify in Referral Factory, or in another way."],
    ["attribute", "An attribute changes", "When an Intercom attribute changes, such as a status that becomes “Connected”."],
    ["became_user", "The lead becomes a user", "When Intercom turns the lead into a user."],
  ],
  specialCases: "Special cases",
  takeBack: "Take it back when the value changes back",
  takeBackHint: "If off, a referral that qualified once stays qualified.",
  skipped: "Also for contacts that were in Intercom before and were left as they are",
  skippedHint: "If off, only people whom this application sent can qualify.",
  question: "When is a referral successful?",
  title: "Qualification trigger",
  attributeToTrack: "Attribute to track",
  firstValue: "First value, when the contact is created",
  firstValueHint: "For example New. Leave it empty to write none.",
  theAttribute: "The attribute",
  messengerRisk: "I accept that visitors of our website can set this attribute themselves",
  messengerRiskHint: "Intercom’s Messenger lets them, so somebody could earn a reward by setting it. It is safer to switch that off in the attribute’s settings in Intercom, or to track another attribute.",
  takeBackFrom: (/** @type {any[]} */ values) => `Take it back from those who became successful by ${values.map((value) => `“${value}”`).join(", ")}`,
  takeBackFromHint: "Referral Factory stops counting them as successful when their contact next changes. If you save without this, you see how many people that is.",
  values: "Values that make it successful",
  typedValues: "Values, separated by commas",
  typedValuesHint: "For example Connected.",
};

/** @satisfies {Texts} */
export const rewards = {
  hints: { last_reward: "The reward given last.", rewards_total: "A number.", reward_status: "Such as issued." },
  issueRewards: "Issue rewards",
  issueDue: "Issue due rewards from here",
  issueDueHint: "If off, Referral Factory or somebody there issues them.",
  onTheContact: "Rewards on the contact in Intercom",
  aboutContact: "Written to the contact of the person who gets the reward, together with the event referral_reward_issued.",
};

/** @satisfies {Texts} */
export const suggest = {
  referralLink: "Referral link",
  referralCode: "Referral code",
  referralCount: "Referral count",
  convertedReferralCount: "Converted referral count",
  lastReward: "Last reward",
  totalOfRewards: "Total of rewards",
  statusOfTheLastReward: "Status of the last reward",
  added: (names) => `Added: ${names.join(", ")}.`,
  suggestAttributes: "Suggest attributes",
  nothingToSuggest: "Each already has its attribute.",
  chosen: (names) => `Chosen: ${names.join(", ")}.`,
  createText: (names, isOne) => `Your Intercom workspace has no ${names}. ${isOne ? "It is" : "They are"} created there if you agree.`,
  createQuestion: (count) => `Create ${plural(count, "attribute")} in Intercom?`,
  createAndUseIt: "Create and use it",
  createAndUseThem: "Create and use them",
  missing: (count, names) => `${count === 1 ? "An attribute that these settings use is" : `${count} attributes that these settings use are`} not in Intercom: ${names}.`,
  createMissing: (count) => `Create the missing ${count === 1 ? "attribute" : `${count} attributes`}`,
  created: (count) => `${plural(count, "attribute")} created in Intercom.`,
};

/** @satisfies {Texts} */
export const versions = {
  title: "Versions",
  arriving: "versions",
  nothingIsSaved: "Nothing is saved yet. Each save is a version.",
  olderVersions: "Older versions",
  changedSince: (version) => `What changed since version ${version}`,
  theSettings: "The settings",
  before: "Before",
  restore: "Restore",
  isOnThePage: (version) => `The page shows version ${version}. Look at it, then save it as the newest version.`,
  restoreVersion: (version) => `Restore version ${version}`,
  now: "Now",
  about: "Each save is a version. Restoring one makes a new version, so nothing is lost.",
  deleteTitle: "Delete this campaign",
  aboutDeleting: "Only its settings here are deleted. First you see what that means.",
  deletePress: "Delete…",
  deleteQuestion: "Delete this campaign?",
  deleteIt: "Delete it",
};
