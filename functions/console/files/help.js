// Help: the first steps, and the API as its own description tells it.

import { read } from "./api.js";
import { arriving, card, link, make, table } from "./dom.js";
import { badge, STATE_HELP, STATES } from "./words.js";

const STEPS = [
  ["Connect both", "On the page Connection: Intercom with “Connect with Intercom”, Referral Factory with its API key.", "#/connection"],
  ["Set up the webhooks", "On the same page: copy each address into Referral Factory and Intercom. The light beside it shows when it came.", "#/connection"],
  ["Set up a campaign", "Choose what happens to the person invited and the person referring, map first name and e-mail, and save.", "#/campaigns"],
  ["Look at the preview", "At the end of the tab Person invited: it shows what would be sent, and sends nothing.", "#/campaigns"],
  ["Activate it", "Only then signups go to Intercom. Those who signed up meanwhile follow by themselves.", "#/campaigns"],
  ["Try it", "Open the campaign’s link in a private window and sign up as the person referring. Open the link you get in another private window and sign up as the person invited. Use e-mail addresses that are new in both places.", "#/activity"],
];

/** The guides' own words, and where the console has them; `docs/configure.md` says more. */
const WHERE = [
  ["Connect, Allow and Install", "Connection, Intercom", "#/connection"],
  ["Direct: send the person referring", "Campaign, tab Person referring", "#/campaigns"],
  ["Referred: send the person invited, as a lead or a user", "Campaign, tab Person invited", "#/campaigns"],
  ["Map the fields, refresh", "Campaign, Map your fields", "#/campaigns"],
  ["Default Intercom values", "Campaign, Default values", "#/campaigns"],
  ["Information about the person who made the referral", "Campaign, Who referred them", "#/campaigns"],
  ["How to handle duplicates", "Campaign, People who are in Intercom already", "#/campaigns"],
  ["Qualification trigger", "Campaign, tab Qualification", "#/campaigns"],
  ["Sync your contacts, lists, ongoing or once-off", "Campaign, tab Sync", "#/campaigns"],
  ["Notification of your users", "Campaign, tab Sync, Notification: off unless you choose it", "#/campaigns"],
  ["Complete the set-up", "Campaign, Activate", "#/campaigns"],
  ["How to test your integration", "Activity", "#/activity"],
  ["Disconnect", "Connection, Disconnect: nothing is deleted", "#/connection"],
];

export async function show() {
  const steps = STEPS.map(([name, text, href]) => make("li", {}, link(name, href), `: ${text}`));
  const states = Object.entries(STATES).map(([state, words]) => [badge(words), STATE_HELP[state]]);
  return {
    title: "Help",
    content: [
      card("First steps", make("ol", {}, ...steps)),
      card("Where the guides’ steps are here", table("The guides’ words and the console’s", ["In the guide", "Here"], WHERE.map(([words, place, href]) => [words, link(place, href)])), make("p", { className: "soft" }, "Every option, tip and note is in docs/configure.md of the repository.")),
      card("What the states mean", table("States of a referral", ["State", "Meaning"], states)),
      card("For developers: the API", arriving("description of the API", describe)),
    ],
  };
}

async function describe() {
  const api = await read("/api/openapi.json");
  const text = make("p", { className: "soft" }, `${api.info.title}, version ${api.info.version}. ${api.info.description} Each call needs a bearer token. The description itself is at /api/openapi.json.`);
  return [text, ...Object.entries(api.paths).map(([path, operations]) => pathOf(path, operations, api))];
}

function pathOf(path, operations, api) {
  const parts = Object.entries(operations).map(([method, operation]) => operationOf(method, path, operation, api));
  return make("div", { className: "api" }, ...parts);
}

function operationOf(method, path, operation, api) {
  const head = make("summary", {}, make("code", { className: "method" }, method.toUpperCase()), " ", make("code", {}, path), " ", make("span", { className: "soft" }, operation.summary ?? ""));
  const parameters = (operation.parameters ?? []).map((each) => [make("code", {}, each.name), each.in, each.required ? "required" : "optional", [each.description, limitsOf(each.schema)].filter(Boolean).join(" ")]);
  const answers = Object.entries(operation.responses).sort().map(([status, each]) => [status, each.description, schemaName(each)]);
  const body = operation.requestBody ? make("p", {}, "Body: ", make("code", {}, schemaName(operation.requestBody))) : null;
  return make(
    "details",
    {},
    head,
    operation.description ? make("p", {}, operation.description) : null,
    parameters.length ? table(`Parameters of ${method} ${path}`, ["Parameter", "In", "", "Meaning"], parameters) : null,
    body,
    operation.requestBody ? fields(schemaName(operation.requestBody), api) : null,
    table(`Answers of ${method} ${path}`, ["Status", "Meaning", "Shape"], answers),
  );
}

function fields(name, api) {
  const schema = api.components.schemas[name];
  if (!schema?.properties) return null;
  const rows = Object.entries(schema.properties).map(([field, each]) => [make("code", {}, field), typeOf(each), schema.required?.includes(field) ? "required" : "optional"]);
  return table(`Fields of ${name}`, ["Field", "Type", ""], rows);
}

const typeOf = (schema) => schema.$ref?.split("/").pop() ?? schema.enum?.join(" · ") ?? schema.anyOf?.map(typeOf).join(" or ") ?? (schema.items ? `list of ${typeOf(schema.items)}` : (schema.type ?? "any"));

const limitsOf = (schema = {}) => [schema.enum ? `One of ${schema.enum.join(", ")}.` : "", schema.maximum ? `At most ${schema.maximum}.` : ""].join("");

const schemaName = (each) => Object.values(each.content ?? {})[0]?.schema?.$ref?.split("/").pop() ?? "";
