// What the page Help says beside the guide.

/** @satisfies {Texts} */
export const help = {
  referralStatesColumns: ["A referral", "Meaning"],
  campaignStatesColumns: ["A campaign", "Meaning"],
  runStatesColumns: ["A sync run", "Meaning"],
  fieldsColumns: ["Of", "Field", "In the settings as text", "Holds"],
  connectBoth: "Connect Referral Factory and Intercom",
  setUpTheWebhooks: "Set up the webhooks",
  chooseAndMap: "Choose who goes to Intercom, and map the fields",
  chooseTrigger: "Say what makes a referral successful",
  giveLinks: "Give your Intercom contacts referral links",
  activateTheCampaign: "Activate the campaign",
  tryIt: "Try it",
  statesTitle: "What the states mean",
  fieldsTitle: "What the fields hold",
  apiTitle: "For developers: the API",
  apiArriving: "description of the API",
  how: "how",
  howTo: (step) => `How: ${step}`,
  title: "Help",
  firstSteps: "First steps",
  onThisPage: "On this page",
  referralStates: "States of a referral",
  campaignStates: "States of a campaign",
  runStates: "States of a sync run",
  asInTheForm: "As in the form",
  fieldsCaption: "What can be mapped",
};

/** @satisfies {Texts} */
export const helpApi = {
  parametersColumns: ["Parameter", "In", "", "Meaning"],
  answersColumns: ["Status", "Meaning", "Shape"],
  fieldsColumns: ["Field", "Type", "", "Meaning"],
  about: (title, version, description) => `${title}, version ${version}. ${description} Each call needs a bearer token. The description itself is at /api/openapi.json.`,
  shapes: "Shapes of bodies and answers",
  required: "required",
  optional: "optional",
  parameters: (method, path) => `Parameters of ${method} ${path}`,
  body: "Body: ",
  answers: (method, path) => `Answers of ${method} ${path}`,
  fields: (name) => `Fields of ${name}`,
  or: " or ",
  listOf: (type) => `list of ${type}`,
  oneOf: (values) => `One of ${values.join(", ")}.`,
  atMost: (maximum) => `At most ${maximum}.`,
  upToCharacters: (maxLength) => `Up to ${maxLength} characters.`,
};

/** @satisfies {Texts} */
export const helpGuide = {
  cannotBeRead: "The guide cannot be read. Please try again.",
  unreachable: "The application cannot be reached.",
  unknownElement: (tag) => `The guide has an element that this page does not show: ${tag}.`,
};
